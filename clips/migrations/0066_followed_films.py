"""Lets films follow the rider, and say where none was found."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0057_place_of_the_archive'),
    ]

    operations = [
        migrations.AddField(
            model_name='reelrender',
            name='follows',
            field=models.BooleanField(default=False, verbose_name='follows the rider'),
        ),
        migrations.AddField(
            model_name='reelrender',
            name='n_in_middle',
            field=models.PositiveSmallIntegerField(blank=True, editable=False, null=True, verbose_name='clips in the middle'),
        ),
    ]

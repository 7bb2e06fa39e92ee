"""Lets moments keep what was measured of the rider's clothes and of the sound after the landing."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0094_crew_layers'),
    ]

    operations = [
        migrations.AddField(
            model_name='candidatesegment',
            name='traits',
            field=models.JSONField(blank=True, default=dict, editable=False, help_text='Colours of the rider and sound after the landing; empty where no preview was made since.', verbose_name='traits'),
        ),
    ]

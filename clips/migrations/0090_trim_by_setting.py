"""Marks videos that the site's setting has trimmed, so that another setting takes its plans back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0089_missed_angles"),
    ]

    operations = [
        migrations.AddField(
            model_name="originalfile",
            name="trim_by_setting",
            field=models.BooleanField(db_default=False, default=False, verbose_name="trimmed by the site’s setting"),
        ),
    ]

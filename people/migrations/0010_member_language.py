"""Adds the language that a member chose for the pages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0009_site_settings"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="language",
            field=models.CharField(
                blank=True, default="", editable=False, max_length=10, verbose_name="language"
            ),
        ),
    ]

"""Adds the CRC-32 of a clip's file, which a resumable ZIP has to know before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0040_saved_views"),
    ]

    operations = [
        migrations.AddField(
            model_name="finalclip",
            name="crc32",
            field=models.PositiveBigIntegerField(
                blank=True,
                editable=False,
                help_text="For ZIP files, which say it before the bytes. Empty for clips that were cut before it was kept.",
                null=True,
                verbose_name="CRC-32",
            ),
        ),
    ]

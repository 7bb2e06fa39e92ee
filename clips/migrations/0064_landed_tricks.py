"""Finds the first clip of each trick in an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0063_tell_of_sorted_sessions")]

    operations = [
        migrations.AddIndex(
            model_name="finalclip",
            index=models.Index(
                condition=models.Q(("category", "TRICK"), ("is_current", True)),
                fields=["trick", "date"],
                name="clip_landed_of_trick",
            ),
        ),
    ]

"""Adds stars, which the crew gives to clips, and the change of many of them at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0059_archive_touches")]

    operations = [
        migrations.AddField(
            model_name="finalclip",
            name="stars",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False, verbose_name="stars"),
        ),
        migrations.AddConstraint(
            model_name="finalclip",
            constraint=models.CheckConstraint(condition=models.Q(("stars__lte", 5)), name="clip_stars_up_to_five"),
        ),
        migrations.RemoveConstraint(model_name="bulkchange", name="bulk_kind_known"),
        migrations.AlterField(
            model_name="bulkchange",
            name="kind",
            field=models.CharField(
                choices=[
                    ("TAG", "tag clips"),
                    ("MOVE", "move videos to a session"),
                    ("TRASH", "trash moments"),
                    ("UNLINK", "take a rider out of the library"),
                    ("HEART", "give clips a heart, or take it away"),
                    ("STARS", "rate clips"),
                ],
                max_length=10,
                verbose_name="change",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["TAG", "MOVE", "TRASH", "UNLINK", "HEART", "STARS"])),
                name="bulk_kind_known",
            ),
        ),
    ]

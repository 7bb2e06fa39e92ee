"""Lets one change stand for the edits of all cameras' clips of a trick."""

from django.conf import settings
from django.db import migrations, models


def forget(apps, schema_editor):
    """Drop the steps that the older code cannot undo; the versions that they made stay."""
    apps.get_model("clips", "BulkChange").objects.filter(kind="EDIT").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0090_trim_by_setting"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="bulkchange",
            name="bulk_kind_known",
        ),
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
                    ("EDIT", "edit all cameras’ clips of a trick"),
                ],
                max_length=10,
                verbose_name="change",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["TAG", "MOVE", "TRASH", "UNLINK", "HEART", "STARS", "EDIT"])),
                name="bulk_kind_known",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget),
    ]

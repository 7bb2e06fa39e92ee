"""Lets the history of an edit say that another camera is shown."""

from django.db import migrations, models

KINDS = [
    ("ADD", "add clips"),
    ("REMOVE", "remove a clip"),
    ("MOVE", "move a clip"),
    ("TRIM", "trim a clip"),
    ("SPEED", "change the speed of a clip"),
    ("TITLE", "change a title"),
    ("SOUND", "switch the sound of a clip"),
    ("CROP", "move the crop of a clip"),
    ("ANGLE", "show another camera"),
    ("CUT", "cut to another camera"),
    ("RENAME", "rename the edit"),
    ("DRAFT", "choose the clips again"),
]


def call_otherwise(apps, schema_editor):
    """Call changes of the camera what the older code knows: their before and after are undone all the same."""
    changes = apps.get_model("clips", "ReelChange").objects
    changes.filter(kind="ANGLE").update(kind="TRIM")
    changes.filter(kind="CUT").update(kind="ADD")


class Migration(migrations.Migration):
    dependencies = [("clips", "0092_pair_found_by")]

    operations = [
        migrations.RemoveConstraint(model_name="reelchange", name="reel_change_kind_known"),
        migrations.AlterField(
            model_name="reelchange",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=6, verbose_name="change"),
        ),
        migrations.AddConstraint(
            model_name="reelchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _said in KINDS])), name="reel_change_kind_known"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, call_otherwise),
    ]

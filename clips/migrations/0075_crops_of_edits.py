"""Keeps where somebody put the crop that upright films have of a clip, and when exactly a cut clip begins."""

import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0074_tell_of_cards")]

    operations = [
        migrations.AddField(
            model_name="reelclip",
            name="crop",
            field=models.JSONField(blank=True, default=list, verbose_name="crop"),
        ),
        migrations.AddField(
            model_name="finalclip",
            name="lead_us",
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name="lead"),
        ),
        migrations.AddConstraint(
            model_name="reelclip",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.LessThanOrEqual(
                    models.Func(
                        models.F("crop"), function="jsonb_array_length", output_field=models.IntegerField()
                    ),
                    30,
                ),
                name="reel_crop_is_a_list",
            ),
        ),
        migrations.RemoveConstraint(model_name="reelchange", name="reel_change_kind_known"),
        migrations.AlterField(
            model_name="reelchange",
            name="kind",
            field=models.CharField(
                choices=[
                    ("ADD", "add clips"),
                    ("REMOVE", "remove a clip"),
                    ("MOVE", "move a clip"),
                    ("TRIM", "trim a clip"),
                    ("SPEED", "change the speed of a clip"),
                    ("TITLE", "change a title"),
                    ("SOUND", "switch the sound of a clip"),
                    ("CROP", "move the crop of a clip"),
                    ("RENAME", "rename the edit"),
                    ("DRAFT", "choose the clips again"),
                ],
                max_length=6,
                verbose_name="change",
            ),
        ),
        migrations.AddConstraint(
            model_name="reelchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["ADD", "REMOVE", "MOVE", "TRIM", "SPEED", "TITLE", "SOUND", "CROP", "RENAME", "DRAFT"],
                    )
                ),
                name="reel_change_kind_known",
            ),
        ),
    ]

"""Says of each pair of videos what its offset follows from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0091_edit_all_cameras")]

    operations = [
        migrations.AddField(
            model_name="videopair",
            name="found_by",
            field=models.CharField(
                choices=[
                    ("SOUND", "sound"),
                    ("TAKE", "other parts of the recording"),
                    ("MOMENTS", "pattern of moments"),
                    ("CLOCK", "cameras’ clocks"),
                ],
                default="SOUND",
                max_length=7,
                verbose_name="found by",
            ),
        ),
        migrations.AddConstraint(
            model_name="videopair",
            constraint=models.CheckConstraint(
                condition=models.Q(("found_by__in", ["SOUND", "TAKE", "MOMENTS", "CLOCK"])),
                name="video_pair_found_by_known",
            ),
        ),
    ]

"""Adds the job that trims an original."""

from django.db import migrations, models


def drop_jobs(apps, schema_editor):
    """Drop the jobs of a kind that the older code does not know."""
    apps.get_model("clips", "Job").objects.filter(kind="TRIM").delete()


class Migration(migrations.Migration):
    dependencies = [("clips", "0086_trimmed_originals")]

    operations = [
        migrations.RemoveConstraint(model_name="job", name="job_kind_known"),
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(
                choices=[
                    ("INGEST", "check upload"),
                    ("PROBE", "read camera data"),
                    ("DETECT", "search for tricks"),
                    ("POSTER", "make pictures"),
                    ("PREVIEW", "make preview"),
                    ("FILMSTRIP", "make filmstrip"),
                    ("PIECES", "make video watchable"),
                    ("RENDER", "cut clip"),
                    ("SHARE", "make share video"),
                    ("ARCHIVE", "archive"),
                    ("WITHDRAW", "remove from archive"),
                    ("COLLECT", "import from Drive folder"),
                    ("FETCH", "restore from archive"),
                    ("RENAME", "rename clips"),
                    ("REGAIN", "restore clip from archive"),
                    ("RECORD", "describe session in archive"),
                    ("EMPTY", "empty the bin"),
                    ("DEMO", "draw the demo film"),
                    ("FILM", "render edit"),
                    ("READ_BACK", "read back"),
                    ("HANDLES", "cut clip with handles"),
                    ("PAIR", "look for other cameras"),
                    ("LOOK", "look closer"),
                    ("TRIM", "trim original"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "INGEST",
                            "PROBE",
                            "DETECT",
                            "POSTER",
                            "PREVIEW",
                            "FILMSTRIP",
                            "PIECES",
                            "RENDER",
                            "SHARE",
                            "ARCHIVE",
                            "WITHDRAW",
                            "COLLECT",
                            "FETCH",
                            "RENAME",
                            "REGAIN",
                            "RECORD",
                            "EMPTY",
                            "DEMO",
                            "FILM",
                            "READ_BACK",
                            "HANDLES",
                            "PAIR",
                            "LOOK",
                            "TRIM",
                        ],
                    )
                ),
                name="job_kind_known",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_jobs),
    ]

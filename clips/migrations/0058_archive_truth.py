"""Adds the marker of the local archive, the files that describe sessions in the archive, and their jobs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0056_what_people_do_there"),
        ("people", "0011_member_rider"),
        ("tricks", "0005_labels"),
    ]

    operations = [
        migrations.CreateModel(
            name="ArchiveMarker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backend", models.CharField(max_length=20, unique=True, verbose_name="archive")),
                ("archive_id", models.UUIDField(editable=False, verbose_name="marker")),
            ],
            options={
                "verbose_name": "archive marker",
                "verbose_name_plural": "archive markers",
            },
        ),
        migrations.CreateModel(
            name="ArchiveTouch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shoot_id", models.UUIDField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "change to archive",
                "verbose_name_plural": "changes to archive",
            },
        ),
        migrations.CreateModel(
            name="SessionFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backend", models.CharField(max_length=20, verbose_name="archive")),
                ("path", models.CharField(blank=True, max_length=500, verbose_name="path")),
                ("remote_id", models.CharField(blank=True, max_length=500, verbose_name="remote ID")),
                ("digest", models.CharField(blank=True, editable=False, max_length=64)),
                ("revision", models.PositiveIntegerField(default=0, verbose_name="revision")),
                ("written_at", models.DateTimeField(blank=True, null=True, verbose_name="written")),
            ],
            options={
                "verbose_name": "session file",
                "verbose_name_plural": "session files",
            },
        ),
        migrations.RemoveConstraint(
            model_name="job",
            name="job_kind_known",
        ),
        migrations.AddField(
            model_name="archivecopy",
            name="stays_put",
            field=models.BooleanField(default=False, editable=False),
        ),
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
                        ],
                    )
                ),
                name="job_kind_known",
            ),
        ),
        migrations.AddIndex(
            model_name="archivetouch",
            index=models.Index(fields=["shoot_id"], name="archive_touch_of_shoot"),
        ),
        migrations.AddField(
            model_name="sessionfile",
            name="folder",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clips.archivefolder"
            ),
        ),
        migrations.AddField(
            model_name="sessionfile",
            name="shoot",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="clips.shoot",
                verbose_name="session",
            ),
        ),
        migrations.AddConstraint(
            model_name="sessionfile",
            constraint=models.UniqueConstraint(
                fields=("backend", "shoot"), name="session_file_once", nulls_distinct=False
            ),
        ),
    ]

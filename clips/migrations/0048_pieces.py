"""Adds pieces of videos that browsers do not play, who watches such videos, and the job that makes them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0047_collection_links"),
        ("people", "0008_merges"),
        ("tricks", "0005_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Piece",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("stored_path", models.CharField(max_length=100, unique=True, verbose_name="stored as")),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="size")),
                (
                    "seen_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="last viewed"),
                ),
            ],
            options={
                "verbose_name": "piece",
                "verbose_name_plural": "pieces",
            },
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="piece")),
                ("asked_at", models.DateTimeField(verbose_name="asked for")),
            ],
            options={
                "verbose_name": "watched video",
                "verbose_name_plural": "watched videos",
            },
        ),
        migrations.RemoveConstraint(
            model_name="job",
            name="job_kind_known",
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
                            "EMPTY",
                            "DEMO",
                        ],
                    )
                ),
                name="job_kind_known",
            ),
        ),
        migrations.AddField(
            model_name="piece",
            name="original_file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pieces",
                to="clips.originalfile",
                verbose_name="video",
            ),
        ),
        migrations.AddField(
            model_name="watch",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="watches",
                to=settings.AUTH_USER_MODEL,
                verbose_name="member",
            ),
        ),
        migrations.AddField(
            model_name="watch",
            name="original_file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="watches",
                to="clips.originalfile",
                verbose_name="video",
            ),
        ),
        migrations.AddConstraint(
            model_name="piece",
            constraint=models.UniqueConstraint(fields=("original_file", "number"), name="piece_once"),
        ),
        migrations.AddConstraint(
            model_name="watch",
            constraint=models.UniqueConstraint(fields=("original_file", "member"), name="watch_once"),
        ),
    ]

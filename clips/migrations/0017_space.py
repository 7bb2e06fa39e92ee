"""Originals may be let go and fetched back; a job may wait for room or for its original; what was let go is logged."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0016_split_and_add"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Eviction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("SCRATCH", "work in progress that nobody goes on with"),
                            ("PREVIEW", "previews of what is sorted"),
                            ("ORIGINAL", "originals"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("n_files", models.PositiveIntegerField(default=1, verbose_name="files")),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="size")),
                ("why", models.CharField(max_length=300, verbose_name="why")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
            ],
            options={
                "verbose_name": "eviction",
                "verbose_name_plural": "evictions",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="job",
            name="job_kind_known",
        ),
        migrations.AddField(
            model_name="job",
            name="waits_for",
            field=models.CharField(
                blank=True,
                choices=[("ROOM", "room on the disk"), ("ORIGINAL", "its original")],
                editable=False,
                max_length=10,
                verbose_name="waits for",
            ),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="evicted_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Its bytes are not on the disk any more; an archive has them.",
                null=True,
                verbose_name="let go",
            ),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="fetched_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="fetched back"),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="not_needed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="May be let go though no archive has it, when its moments are sorted and its clips archived.",
                null=True,
                verbose_name="not needed",
            ),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="not_needed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="not needed, says",
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(
                choices=[
                    ("INGEST", "check the upload"),
                    ("PROBE", "read camera data"),
                    ("DETECT", "find tricks"),
                    ("POSTER", "make pictures"),
                    ("PREVIEW", "make a preview"),
                    ("FILMSTRIP", "make a filmstrip"),
                    ("RENDER", "cut"),
                    ("SHARE", "make a copy for sharing"),
                    ("ARCHIVE", "archive"),
                    ("WITHDRAW", "take back from the archive"),
                    ("FETCH", "fetch back from the archive"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("waits_for", ""), _negated=True), fields=["waits_for"], name="job_waits_for"
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
                            "RENDER",
                            "SHARE",
                            "ARCHIVE",
                            "WITHDRAW",
                            "FETCH",
                        ],
                    )
                ),
                name="job_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(("waits_for__in", ["", "ROOM", "ORIGINAL"])), name="job_waits_for_known"
            ),
        ),
        migrations.AddField(
            model_name="eviction",
            name="original_file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="evictions",
                to="clips.originalfile",
                verbose_name="original file",
            ),
        ),
        migrations.AddIndex(
            model_name="eviction",
            index=models.Index(fields=["-created_at"], name="eviction_newest"),
        ),
        migrations.AddConstraint(
            model_name="eviction",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["SCRATCH", "PREVIEW", "ORIGINAL"])), name="eviction_kind_known"
            ),
        ),
    ]

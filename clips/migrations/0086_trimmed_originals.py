"""Adds when an original is trimmed, and what is left of it."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0085_chances"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="originalfile",
            name="trim_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it is trimmed to its kept clips, unless somebody keeps it whole until then.",
                null=True,
                verbose_name="to be trimmed",
            ),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="trim_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="trimmed by",
            ),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="trimmed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When all but its kept clips and some seconds around them was removed.",
                null=True,
                verbose_name="trimmed",
            ),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="stays_whole_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Excluded from automatic trimming since.",
                null=True,
                verbose_name="stays whole",
            ),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="trim_problem",
            field=models.CharField(blank=True, max_length=500, verbose_name="why it is not trimmed"),
        ),
        migrations.AddConstraint(
            model_name="originalfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("trimmed_at", None), ("evicted_at__isnull", False), _connector="OR"),
                name="original_trimmed_is_not_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="originalfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("trimmed_at", None), ("trim_at", None), _connector="OR"),
                name="original_trimmed_once",
            ),
        ),
        migrations.CreateModel(
            name="KeptPart",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("FRAME", "index and camera data"),
                            ("SPAN", "span"),
                            ("VIDEO", "small video of the rest"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("start_ms", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="start")),
                ("end_ms", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="end")),
                ("stored_path", models.CharField(max_length=100, unique=True, verbose_name="stored as")),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="size")),
                ("file_hash", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("read_back_at", models.DateTimeField(blank=True, null=True, verbose_name="read back")),
                ("damaged_at", models.DateTimeField(blank=True, null=True, verbose_name="damaged")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="added")),
                (
                    "original_file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept_parts",
                        to="clips.originalfile",
                        verbose_name="video",
                    ),
                ),
            ],
            options={
                "verbose_name": "kept part",
                "verbose_name_plural": "kept parts",
                "ordering": ["original_file_id", "kind", "start_ms"],
            },
        ),
        migrations.AddConstraint(
            model_name="keptpart",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "SPAN"), _negated=True),
                fields=("original_file", "kind"),
                name="kept_part_one_frame_and_video",
            ),
        ),
        migrations.AddConstraint(
            model_name="keptpart",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "SPAN")),
                fields=("original_file", "start_ms"),
                name="kept_part_span_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="keptpart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_ms__gt", models.F("start_ms")), ("kind", "SPAN"), ("start_ms__isnull", False)),
                    models.Q(("end_ms", None), ("kind__in", ["FRAME", "VIDEO"]), ("start_ms", None)),
                    _connector="OR",
                ),
                name="kept_part_span_has_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="keptpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("read_back_at", None), ("damaged_at", None), _connector="OR"),
                name="kept_part_whole_or_damaged",
            ),
        ),
        migrations.AddConstraint(
            model_name="keptpart",
            constraint=models.CheckConstraint(condition=models.Q(("size_bytes__gt", 0)), name="kept_part_has_size"),
        ),
        migrations.AddConstraint(
            model_name="keptpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("file_hash__regex", "^[0-9a-f]{64}$")), name="kept_part_hash_is_sha256"
            ),
        ),
    ]

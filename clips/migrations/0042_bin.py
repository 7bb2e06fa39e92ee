"""Adds the bin: what lies in it, and the job that empties it."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0041_clip_crc32"),
        ("people", "0005_name_keys"),
        ("tricks", "0004_one_trick_one_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BinEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("CLIPS", "clips"), ("VIDEO", "video"), ("SESSION", "session")],
                        max_length=7,
                        verbose_name="what",
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        help_text="As it was called when it was thrown away.", max_length=300, verbose_name="name"
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="why")),
                (
                    "thrown_by_name",
                    models.CharField(
                        help_text="Kept when the member is deleted.", max_length=40, verbose_name="by (name)"
                    ),
                ),
                ("thrown_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                ("n_clips", models.PositiveIntegerField(default=0, verbose_name="clips")),
                ("n_videos", models.PositiveIntegerField(default=0, verbose_name="videos")),
                ("n_moments", models.PositiveIntegerField(default=0, verbose_name="moments")),
                ("n_archived", models.PositiveIntegerField(default=0, verbose_name="archive copies")),
                ("size_bytes", models.PositiveBigIntegerField(default=0, verbose_name="size")),
                ("restored_at", models.DateTimeField(blank=True, null=True, verbose_name="restored")),
                ("emptying_at", models.DateTimeField(blank=True, null=True, verbose_name="deletion began")),
                ("emptied_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
            ],
            options={
                "verbose_name": "bin entry",
                "verbose_name_plural": "bin entries",
                "ordering": ["-thrown_at"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="job",
            name="job_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="job",
            name="job_waits_for_known",
        ),
        migrations.RemoveConstraint(
            model_name="shoot",
            name="shoot_name_unique",
        ),
        migrations.AddField(
            model_name="finalclip",
            name="was_current",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="upload",
            name="is_wanted_anyway",
            field=models.BooleanField(
                default=False, help_text="Brings in what somebody deleted before.", verbose_name="wanted anyway"
            ),
        ),
        migrations.AlterField(
            model_name="finalclip",
            name="removed_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Set when the decision that made it was undone, and while it is in the bin.",
                null=True,
                verbose_name="removed",
            ),
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
                    ("RENDER", "cut clip"),
                    ("SHARE", "make share video"),
                    ("ARCHIVE", "archive"),
                    ("WITHDRAW", "remove from archive"),
                    ("COLLECT", "import from Drive folder"),
                    ("FETCH", "restore from archive"),
                    ("RENAME", "rename clips"),
                    ("EMPTY", "empty the bin"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="waits_for",
            field=models.CharField(
                blank=True,
                choices=[
                    ("ROOM", "free disk space"),
                    ("ORIGINAL", "its original"),
                    ("MACHINE", "exclusive use of the machine"),
                    ("BIN", "restoring from the bin"),
                ],
                editable=False,
                max_length=10,
                verbose_name="waits for",
            ),
        ),
        migrations.AddField(
            model_name="binentry",
            name="restored_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="restored by",
            ),
        ),
        migrations.AddField(
            model_name="binentry",
            name="thrown_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="bin_entries",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="finalclip",
            name="bin_entry",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clips",
                to="clips.binentry",
                verbose_name="in the bin",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="bin_entry",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="jobs",
                to="clips.binentry",
            ),
        ),
        migrations.AddField(
            model_name="originalfile",
            name="bin_entry",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="Stays when its bytes are deleted, so that the file is recognised.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="clips.binentry",
                verbose_name="in the bin",
            ),
        ),
        migrations.AddField(
            model_name="shoot",
            name="bin_entry",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shoots",
                to="clips.binentry",
                verbose_name="in the bin",
            ),
        ),
        migrations.AddIndex(
            model_name="finalclip",
            index=models.Index(fields=["lineage"], name="clip_of_lineage"),
        ),
        migrations.AddConstraint(
            model_name="finalclip",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("bin_entry", None), ("was_current", False)),
                    models.Q(("bin_entry__isnull", False), ("removed_at__isnull", False)),
                    _connector="OR",
                ),
                name="clip_in_bin_is_removed",
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
                            "COLLECT",
                            "FETCH",
                            "RENAME",
                            "EMPTY",
                        ],
                    )
                ),
                name="job_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(("waits_for__in", ["", "ROOM", "ORIGINAL", "MACHINE", "BIN"])),
                name="job_waits_for_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("WAITING", "RUNNING"))),
                fields=("kind", "bin_entry"),
                name="job_one_active_per_bin_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="shoot",
            constraint=models.UniqueConstraint(
                condition=models.Q(("bin_entry", None)),
                fields=("date", "name_key"),
                name="shoot_name_unique",
                violation_error_message="A session with this name already exists on this day.",
            ),
        ),
        migrations.AddIndex(
            model_name="binentry",
            index=models.Index(
                condition=models.Q(("emptied_at", None), ("restored_at", None)),
                fields=["-thrown_at"],
                name="bin_newest_in_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="binentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["CLIPS", "VIDEO", "SESSION"])), name="bin_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="binentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("restored_at", None), ("emptying_at", None), _connector="OR"),
                name="bin_restored_or_emptied",
            ),
        ),
        migrations.AddConstraint(
            model_name="binentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("emptied_at", None), ("emptying_at__isnull", False), _connector="OR"),
                name="bin_emptied_after_it_began",
            ),
        ),
    ]

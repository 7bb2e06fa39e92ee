"""Adds edits: ordered lists of clips, the history of their changes, and their place in the bin."""

import django.db.models.constraints
import django.db.models.deletion
import django.utils.timezone
import people.naming.fields
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0045_demo_job"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reel",
            fields=[
                ("lease_token", models.UUIDField(blank=True, editable=False, null=True)),
                (
                    "lease_ends_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="held until"),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "name_key",
                    models.GeneratedField(
                        db_persist=True,
                        expression=people.naming.fields.NameKey(models.F("name")),
                        output_field=models.CharField(max_length=300),
                    ),
                ),
                (
                    "made_by_name",
                    models.CharField(
                        help_text="Kept when the member is deleted.", max_length=40, verbose_name="made by (name)"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="changed")),
            ],
            options={
                "verbose_name": "edit",
                "verbose_name_plural": "edits",
                "ordering": ["-changed_at"],
            },
        ),
        migrations.CreateModel(
            name="ReelChange",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(editable=False, verbose_name="number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ADD", "add clips"),
                            ("REMOVE", "remove a clip"),
                            ("MOVE", "move a clip"),
                            ("TRIM", "trim a clip"),
                            ("SPEED", "change the speed of a clip"),
                            ("TITLE", "change a title"),
                            ("SOUND", "switch the sound of a clip"),
                            ("RENAME", "rename the edit"),
                        ],
                        max_length=6,
                        verbose_name="change",
                    ),
                ),
                ("n_clips", models.PositiveIntegerField(default=1, verbose_name="clips")),
                (
                    "state",
                    models.CharField(
                        choices=[("DONE", "done"), ("UNDONE", "undone"), ("DROPPED", "replaced")],
                        default="DONE",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                (
                    "member_name",
                    models.CharField(
                        help_text="Kept when the member is deleted.", max_length=40, verbose_name="by (name)"
                    ),
                ),
                ("before", models.JSONField(default=dict, editable=False)),
                ("after", models.JSONField(default=dict, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
            ],
            options={
                "verbose_name": "change of an edit",
                "verbose_name_plural": "changes of edits",
                "ordering": ["reel", "-number"],
            },
        ),
        migrations.CreateModel(
            name="ReelClip",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField(verbose_name="position")),
                ("lineage", models.UUIDField(editable=False, verbose_name="clip")),
                ("start_ms", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="start")),
                ("end_ms", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="end")),
                ("speed", models.PositiveSmallIntegerField(default=100, help_text="In percent.", verbose_name="speed")),
                ("title", models.CharField(blank=True, max_length=120, verbose_name="title")),
                ("has_sound", models.BooleanField(default=True, verbose_name="sound")),
            ],
            options={
                "verbose_name": "clip of an edit",
                "verbose_name_plural": "clips of edits",
                "ordering": ["reel", "position"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="binentry",
            name="bin_kind_known",
        ),
        migrations.AlterField(
            model_name="binentry",
            name="kind",
            field=models.CharField(
                choices=[("CLIPS", "clips"), ("VIDEO", "video"), ("SESSION", "session"), ("EDIT", "edit")],
                max_length=7,
                verbose_name="what",
            ),
        ),
        migrations.AddConstraint(
            model_name="binentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["CLIPS", "VIDEO", "SESSION", "EDIT"])), name="bin_kind_known"
            ),
        ),
        migrations.AddField(
            model_name="reel",
            name="bin_entry",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reels",
                to="clips.binentry",
                verbose_name="in the bin",
            ),
        ),
        migrations.AddField(
            model_name="reel",
            name="edited_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="being edited by",
            ),
        ),
        migrations.AddField(
            model_name="reel",
            name="made_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="reels",
                to=settings.AUTH_USER_MODEL,
                verbose_name="made by",
            ),
        ),
        migrations.AddField(
            model_name="reel",
            name="shoot",
            field=models.ForeignKey(
                blank=True,
                help_text="The session it was made of, if it was made of one.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="reels",
                to="clips.shoot",
                verbose_name="session",
            ),
        ),
        migrations.AddField(
            model_name="reelchange",
            name="member",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="reelchange",
            name="reel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="changes",
                to="clips.reel",
                verbose_name="edit",
            ),
        ),
        migrations.AddField(
            model_name="reelclip",
            name="reel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="clips", to="clips.reel", verbose_name="edit"
            ),
        ),
        migrations.AddIndex(
            model_name="reel",
            index=models.Index(
                condition=models.Q(("bin_entry", None)), fields=["-changed_at"], name="reel_last_changed"
            ),
        ),
        migrations.AddConstraint(
            model_name="reel",
            constraint=models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="reel_has_a_name"),
        ),
        migrations.AddConstraint(
            model_name="reel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("bin_entry", None)),
                fields=("name_key",),
                name="reel_name_unique",
                violation_error_message="There is an edit of this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease_ends_at__isnull", False), ("lease_token__isnull", False)),
                    models.Q(("edited_by", None), ("lease_ends_at", None), ("lease_token", None)),
                    _connector="OR",
                ),
                name="reel_lease_fields_together",
            ),
        ),
        migrations.AddConstraint(
            model_name="reelchange",
            constraint=models.UniqueConstraint(fields=("reel", "number"), name="reel_change_number_once"),
        ),
        migrations.AddConstraint(
            model_name="reelchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["ADD", "REMOVE", "MOVE", "TRIM", "SPEED", "TITLE", "SOUND", "RENAME"])
                ),
                name="reel_change_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reelchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["DONE", "UNDONE", "DROPPED"])), name="reel_change_state_known"
            ),
        ),
        migrations.AddIndex(
            model_name="reelclip",
            index=models.Index(fields=["lineage"], name="reel_clip_of_lineage"),
        ),
        migrations.AddConstraint(
            model_name="reelclip",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("reel", "position"),
                name="reel_one_clip_a_position",
            ),
        ),
        migrations.AddConstraint(
            model_name="reelclip",
            constraint=models.CheckConstraint(condition=models.Q(("position__gte", 1)), name="reel_counts_from_one"),
        ),
        migrations.AddConstraint(
            model_name="reelclip",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_ms", None), ("start_ms", None)),
                    models.Q(
                        ("end_ms__gt", models.F("start_ms")), ("end_ms__isnull", False), ("start_ms__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="reel_trim_has_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="reelclip",
            constraint=models.CheckConstraint(
                condition=models.Q(("speed__in", (100, 50, 25))), name="reel_speed_known"
            ),
        ),
    ]

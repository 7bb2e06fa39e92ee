"""Adds changes of many rows at once, and the job by which names follow them."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0038_labels"),
        ("people", "0005_name_keys"),
        ("tricks", "0004_one_trick_one_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkChange",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("TAG", "tag clips"),
                            ("MOVE", "move videos to a session"),
                            ("TRASH", "trash moments"),
                            ("UNLINK", "take a rider out of the library"),
                        ],
                        max_length=10,
                        verbose_name="change",
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=300, verbose_name="to")),
                (
                    "member_name",
                    models.CharField(
                        help_text="Kept when the member is deleted.", max_length=40, verbose_name="by (name)"
                    ),
                ),
                ("states", models.JSONField(default=list, editable=False)),
                ("rows", models.JSONField(default=dict, editable=False)),
                ("n_changed", models.PositiveIntegerField(verbose_name="rows changed")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="undone")),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="undone by",
                    ),
                ),
            ],
            options={
                "verbose_name": "bulk change",
                "verbose_name_plural": "bulk changes",
                "ordering": ["-created_at"],
            },
        ),
        migrations.AddField(
            model_name="job",
            name="bulk_change",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="jobs",
                to="clips.bulkchange",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("WAITING", "RUNNING"))),
                fields=("kind", "bulk_change"),
                name="job_one_active_per_bulk_change",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkchange",
            index=models.Index(fields=["member", "-created_at"], name="bulk_newest_of_member"),
        ),
        migrations.AddConstraint(
            model_name="bulkchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["TAG", "MOVE", "TRASH", "UNLINK"])), name="bulk_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("undone_at", None), ("undone_at__gte", models.F("created_at")), _connector="OR"),
                name="bulk_undone_afterwards",
            ),
        ),
    ]

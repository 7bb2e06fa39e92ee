"""Adds links that show several clips: an edit, a session, or selected clips."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0046_edits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CollectionLink",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "lineages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list, editable=False, size=None
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=80, verbose_name="title")),
                ("secret_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("password", models.CharField(blank=True, editable=False, max_length=128, verbose_name="password")),
                ("may_download", models.BooleanField(default=True, verbose_name="may download")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                (
                    "ended_at",
                    models.DateTimeField(
                        blank=True, help_text="Set when it was revoked.", null=True, verbose_name="revoked"
                    ),
                ),
                (
                    "n_views",
                    models.PositiveIntegerField(
                        default=0, help_text="How often its page was opened.", verbose_name="views"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="collection_links",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
                (
                    "reel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="clips.reel",
                        verbose_name="edit",
                    ),
                ),
                (
                    "shoot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="clips.shoot",
                        verbose_name="session",
                    ),
                ),
            ],
            options={
                "verbose_name": "share link of several clips",
                "verbose_name_plural": "share links of several clips",
                "ordering": ["-created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lineages", []), ("reel__isnull", False), ("shoot", None)),
                            models.Q(("lineages", []), ("reel", None), ("shoot__isnull", False)),
                            models.Q(("reel", None), ("shoot", None), models.Q(("lineages", []), _negated=True)),
                            _connector="OR",
                        ),
                        name="collection_link_shows_one_thing",
                    )
                ],
            },
        ),
    ]

"""Adds hearts, which members give to clips, and the change of many of them at once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0042_bin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Heart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lineage", models.UUIDField(editable=False, verbose_name="clip")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hearts",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="member",
                    ),
                ),
            ],
            options={
                "verbose_name": "heart",
                "verbose_name_plural": "hearts",
            },
        ),
        migrations.AddConstraint(
            model_name="heart",
            constraint=models.UniqueConstraint(fields=("lineage", "member"), name="heart_once_a_member"),
        ),
        migrations.RemoveConstraint(
            model_name="bulkchange",
            name="bulk_kind_known",
        ),
        migrations.AlterField(
            model_name="bulkchange",
            name="kind",
            field=models.CharField(
                choices=[
                    ("TAG", "tag clips"),
                    ("MOVE", "move videos to a session"),
                    ("TRASH", "trash moments"),
                    ("UNLINK", "take a rider out of the library"),
                    ("HEART", "give clips a heart, or take it away"),
                ],
                max_length=10,
                verbose_name="change",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["TAG", "MOVE", "TRASH", "UNLINK", "HEART"])), name="bulk_kind_known"
            ),
        ),
    ]

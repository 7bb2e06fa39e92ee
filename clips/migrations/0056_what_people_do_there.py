"""What people do in an archive by themselves is noted: deleted and changed files, and the place that rows are about."""

from django.db import migrations, models
from django.db.models import Q

STATES = ["SENDING", "VERIFIED", "WITHDRAWN", "REMOVED"]
REASONS = ["UNREACHABLE", "DAILY_LIMIT", "QUOTA", "PERMISSION", "FOLDER", "CREDENTIALS", "SETTINGS"]
NEW_REASONS = [*REASONS, "GONE", "TOP_GONE", "MOVED"]


class Migration(migrations.Migration):
    dependencies = [("clips", "0055_change_logs")]

    operations = [
        migrations.AddField(
            model_name="archivecopy",
            name="gone_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="archivecopy",
            name="is_beside",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="archivecopy",
            name="state",
            field=models.CharField(
                choices=[
                    ("SENDING", "sending"),
                    ("VERIFIED", "verified"),
                    ("WITHDRAWN", "removed"),
                    ("REMOVED", "deleted there"),
                    ("CHANGED", "changed there"),
                ],
                default="SENDING",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="archiveblock",
            name="reason",
            field=models.CharField(
                choices=[
                    ("UNREACHABLE", "unreachable"),
                    ("DAILY_LIMIT", "daily limit reached"),
                    ("QUOTA", "full"),
                    ("PERMISSION", "not allowed"),
                    ("FOLDER", "folder missing"),
                    ("CREDENTIALS", "access expired"),
                    ("SETTINGS", "not set up"),
                    ("GONE", "many files deleted there"),
                    ("TOP_GONE", "top folder deleted there"),
                    ("MOVED", "set to another place"),
                ],
                max_length=20,
                verbose_name="reason",
            ),
        ),
        migrations.RemoveConstraint(model_name="archivecopy", name="copy_state_known"),
        migrations.AddConstraint(
            model_name="archivecopy",
            constraint=models.CheckConstraint(
                condition=Q(state__in=[*STATES, "CHANGED"]), name="copy_state_known"
            ),
        ),
        migrations.RemoveConstraint(model_name="archivecopy", name="copy_verified_has_time"),
        migrations.AddConstraint(
            model_name="archivecopy",
            constraint=models.CheckConstraint(
                condition=Q(state="VERIFIED", verified_at__isnull=False)
                | Q(state__in=["SENDING", "WITHDRAWN", "REMOVED", "CHANGED"], verified_at=None),
                name="copy_verified_has_time",
            ),
        ),
        migrations.RemoveConstraint(model_name="archiveblock", name="archive_block_reason_known"),
        migrations.AddConstraint(
            model_name="archiveblock",
            constraint=models.CheckConstraint(condition=Q(reason__in=NEW_REASONS), name="archive_block_reason_known"),
        ),
        migrations.CreateModel(
            name="ArchiveRoot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backend", models.CharField(max_length=20, unique=True, verbose_name="archive")),
                ("place", models.CharField(max_length=300, verbose_name="place")),
                ("top_id", models.CharField(blank=True, max_length=300)),
            ],
            options={"verbose_name": "archive place", "verbose_name_plural": "archive places"},
        ),
    ]

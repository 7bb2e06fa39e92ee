import clips.models.notice
import clips.models.shoot
import clips.models.upload
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    # A database made before these were one has them all, and takes this one for applied.
    replaces = [
        ("clips", "0001_initial"),
        ("clips", "0002_previews_undo_and_search"),
        ("clips", "0003_job_failed_index"),
        ("clips", "0004_newest_first_indexes"),
        ("clips", "0005_clip_cameras_index"),
        ("clips", "0006_camera_facts"),
        ("clips", "0007_camera_names_and_clocks"),
        ("clips", "0008_filmstrips"),
        ("clips", "0009_slow_previews"),
        ("clips", "0010_shared_copies"),
        ("clips", "0011_filmstrip_and_share_jobs"),
        ("clips", "0012_seen_previews"),
        ("clips", "0013_upload_expiry_and_fingerprints"),
        ("clips", "0014_google_drive"),
        ("clips", "0015_archive_cursor"),
        ("clips", "0016_split_and_add"),
        ("clips", "0017_space"),
        ("clips", "0018_audit_reports"),
        ("clips", "0019_jobs_ended_index"),
        ("clips", "0020_intake"),
        ("clips", "0021_upload_node"),
        ("clips", "0022_notices"),
        ("clips", "0023_drop_folder"),
        ("clips", "0024_block_trial"),
        ("clips", "0025_tagged_clips_indexes"),
    ]

    dependencies = [
        ("people", "0001_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("tricks", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="ArchiveCursor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backend", models.CharField(max_length=20, unique=True, verbose_name="archive")),
                ("token", models.CharField(blank=True, max_length=200, verbose_name="token")),
            ],
            options={
                "verbose_name": "archive cursor",
                "verbose_name_plural": "archive cursors",
            },
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=500, unique=True, verbose_name="folder")),
                ("token", models.CharField(blank=True, editable=False, max_length=200)),
                ("listed_at", models.DateTimeField(blank=True, null=True, verbose_name="listed whole")),
                ("looked_at", models.DateTimeField(blank=True, null=True, verbose_name="looked into")),
                ("sentence", models.CharField(blank=True, max_length=500, verbose_name="what is in the way")),
                ("left_alone", models.CharField(blank=True, max_length=500, verbose_name="what is left alone")),
            ],
            options={
                "verbose_name": "incoming folder",
                "verbose_name_plural": "incoming folders",
            },
        ),
        migrations.CreateModel(
            name="ArchiveBlock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backend", models.CharField(max_length=20, unique=True, verbose_name="archive")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("UNREACHABLE", "cannot be reached"),
                            ("DAILY_LIMIT", "daily limit reached"),
                            ("QUOTA", "full"),
                            ("PERMISSION", "not allowed"),
                            ("FOLDER", "folder missing"),
                            ("CREDENTIALS", "access ended"),
                            ("SETTINGS", "not set up"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("sentence", models.CharField(max_length=500, verbose_name="what to do")),
                ("since", models.DateTimeField(auto_now_add=True, verbose_name="since")),
                ("look_again_at", models.DateTimeField(verbose_name="looked at again")),
                ("trial_job_id", models.UUIDField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "archive block",
                "verbose_name_plural": "archive blocks",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__in",
                                [
                                    "UNREACHABLE",
                                    "DAILY_LIMIT",
                                    "QUOTA",
                                    "PERMISSION",
                                    "FOLDER",
                                    "CREDENTIALS",
                                    "SETTINGS",
                                ],
                            )
                        ),
                        name="archive_block_reason_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchiveFolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backend", models.CharField(max_length=20, verbose_name="archive")),
                ("name", models.CharField(max_length=150, verbose_name="name")),
                ("remote_id", models.CharField(blank=True, max_length=300, verbose_name="id there")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="folders",
                        to="clips.archivefolder",
                    ),
                ),
            ],
            options={
                "verbose_name": "archive folder",
                "verbose_name_plural": "archive folders",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("backend", "parent", "name"), name="archive_folder_unique", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("RUNNING", "running"), ("DONE", "done"), ("BROKEN_OFF", "broken off")],
                        default="RUNNING",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("started_at", models.DateTimeField(auto_now_add=True, verbose_name="begun")),
                ("seen_at", models.DateTimeField(auto_now_add=True, verbose_name="last sign of life")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("checksums", models.BooleanField(default=False, verbose_name="with checksums")),
                ("repairs", models.BooleanField(default=False, verbose_name="with repairs")),
                (
                    "n_wrong",
                    models.PositiveIntegerField(
                        default=0, help_text="Without what was put right.", verbose_name="wrong"
                    ),
                ),
                ("n_mended", models.PositiveIntegerField(default=0, verbose_name="put right")),
                (
                    "counts",
                    models.JSONField(
                        default=dict, help_text="How many of each kind were found.", verbose_name="by kind"
                    ),
                ),
                (
                    "found",
                    models.JSONField(
                        default=dict, help_text="The first few sentences of each kind.", verbose_name="found"
                    ),
                ),
            ],
            options={
                "verbose_name": "audit",
                "verbose_name_plural": "audits",
                "ordering": ["-started_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["RUNNING", "DONE", "BROKEN_OFF"])), name="audit_state_known"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "RUNNING")), fields=("state",), name="audit_one_at_a_time"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CameraClock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "camera_id",
                    models.CharField(help_text="As in file names: CAM_GOPRO11.", max_length=40, verbose_name="camera"),
                ),
                (
                    "serial",
                    models.CharField(
                        blank=True,
                        help_text="Empty: every camera of this kind.",
                        max_length=40,
                        verbose_name="serial number",
                    ),
                ),
                ("day", models.DateField(help_text="By the camera's own clock, wrong as it is.", verbose_name="day")),
                (
                    "offset_s",
                    models.IntegerField(
                        help_text="Added to the camera's time to get the true one; may be negative.",
                        verbose_name="seconds to add",
                    ),
                ),
            ],
            options={
                "verbose_name": "camera clock",
                "verbose_name_plural": "camera clocks",
                "ordering": ["-day", "camera_id", "serial"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("camera_id", "serial", "day"),
                        name="camera_clock_unique",
                        violation_error_message="This camera's clock has an offset for that day already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CameraName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "camera_id",
                    models.CharField(help_text="As in file names: CAM_GOPRO11.", max_length=40, verbose_name="camera"),
                ),
                (
                    "serial",
                    models.CharField(
                        blank=True,
                        help_text="Empty: every camera of this kind.",
                        max_length=40,
                        verbose_name="serial number",
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
            ],
            options={
                "verbose_name": "camera name",
                "verbose_name_plural": "camera names",
                "ordering": ["camera_id", "serial"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("camera_id", "serial"),
                        name="camera_name_unique",
                        violation_error_message="This camera has a name already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DriveGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=200, verbose_name="Google account")),
                ("sealed_token", models.TextField(editable=False)),
                ("scope", models.CharField(max_length=300, verbose_name="allows")),
                ("granted_at", models.DateTimeField(auto_now_add=True, verbose_name="given")),
                (
                    "granted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="given by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Google Drive grant",
                "verbose_name_plural": "Google Drive grants",
                "ordering": ["-granted_at"],
            },
        ),
        migrations.CreateModel(
            name="FileName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stem", models.CharField(max_length=230, verbose_name="stem")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
            ],
            options={
                "verbose_name": "file name",
                "verbose_name_plural": "file names",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("stem"), models.F("number"), name="file_name_unique"
                    ),
                    models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="file_name_counts_from_one"),
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeChannel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("DISCORD", "Discord webhook"),
                            ("SLACK", "Slack webhook"),
                            ("WEBHOOK", "webhook with signed JSON"),
                            ("EMAIL", "e-mail"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("sealed_target", models.TextField(editable=False)),
                ("sealed_secret", models.TextField(blank=True, editable=False)),
                ("shown_target", models.CharField(editable=False, max_length=100, verbose_name="goes to")),
                (
                    "wants",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("READY", "a session is ready to sort"),
                                ("BLOCKED", "something is stuck"),
                                ("DAILY", "the day's summary"),
                            ],
                            max_length=10,
                        ),
                        default=clips.models.notice.all_kinds,
                        size=None,
                        verbose_name="tells of",
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="on")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="added")),
            ],
            options={
                "verbose_name": "notice channel",
                "verbose_name_plural": "notice channels",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["DISCORD", "SLACK", "WEBHOOK", "EMAIL"])),
                        name="notice_channel_kind_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Shoot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "date",
                    models.DateField(
                        help_text="Names files and folders, also for what was filmed after midnight.",
                        verbose_name="date",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("slug", models.CharField(max_length=40, verbose_name="slug")),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        max_length=50,
                        validators=[clips.models.shoot.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "sensitivity",
                    models.PositiveSmallIntegerField(
                        default=50,
                        help_text="0 shows only the sure proposals, 100 every one. Takes effect at once.",
                        verbose_name="sensitivity",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="added")),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "ordering": ["-date", django.db.models.functions.text.Lower("name")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("date"),
                        django.db.models.functions.text.Lower("slug"),
                        name="shoot_slug_unique",
                        violation_error_message="This day has a session of this name already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("slug__regex", "^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$")), name="shoot_slug_safe"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sensitivity__lte", 100)), name="shoot_sensitivity_in_percent"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("READY", "a session is ready to sort"),
                            ("BLOCKED", "something is stuck"),
                            ("DAILY", "the day's summary"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("subject", models.CharField(max_length=200, verbose_name="about")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("path", models.CharField(blank=True, max_length=200, verbose_name="leads to")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "waiting"),
                            ("SENDING", "being sent"),
                            ("SENT", "sent"),
                            ("UNKNOWN", "sent, but nobody answered"),
                            ("FAILED", "failed"),
                        ],
                        default="WAITING",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now, verbose_name="not before")),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_ends_at", models.DateTimeField(editable=False, null=True)),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="what came back")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="written")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="clips.noticechannel",
                        verbose_name="channel",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["WAITING", "SENDING"])),
                        fields=["state", "run_after"],
                        name="notice_active",
                    ),
                    models.Index(fields=["-created_at"], name="notice_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "subject", "channel"), name="notice_told_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["READY", "BLOCKED", "DAILY"])), name="notice_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["WAITING", "SENDING", "SENT", "UNKNOWN", "FAILED"])),
                        name="notice_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease_ends_at__isnull", False), ("lease_token__isnull", False), ("state", "SENDING")
                            ),
                            models.Q(
                                models.Q(("state", "SENDING"), _negated=True),
                                ("lease_ends_at", None),
                                ("lease_token", None),
                            ),
                            _connector="OR",
                        ),
                        name="notice_lease_fields_together",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OriginalFile",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("original_filename", models.CharField(max_length=300, verbose_name="file name")),
                ("stored_path", models.CharField(max_length=100, unique=True, verbose_name="stored as")),
                ("file_hash", models.CharField(max_length=64, unique=True, verbose_name="SHA-256")),
                (
                    "fingerprint",
                    models.CharField(blank=True, db_index=True, max_length=64, verbose_name="quick fingerprint"),
                ),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="size")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="added")),
                (
                    "aside_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Its moments are not handed out for sorting; nothing is trashed.",
                        null=True,
                        verbose_name="put aside",
                    ),
                ),
                (
                    "evicted_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Its bytes are not on the disk any more; an archive has them.",
                        null=True,
                        verbose_name="let go",
                    ),
                ),
                ("fetched_at", models.DateTimeField(blank=True, null=True, verbose_name="fetched back")),
                (
                    "not_needed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="May be let go though no archive has it, when its moments are sorted and its clips archived.",
                        null=True,
                        verbose_name="not needed",
                    ),
                ),
                ("probed_at", models.DateTimeField(blank=True, null=True, verbose_name="read")),
                ("problem", models.CharField(blank=True, max_length=500, verbose_name="problem")),
                ("camera_id", models.CharField(default="CAM_UNKNOWN", max_length=40, verbose_name="camera")),
                ("fps_label", models.CharField(blank=True, max_length=10, verbose_name="frame rate")),
                ("rate_num", models.PositiveIntegerField(blank=True, null=True)),
                ("rate_den", models.PositiveIntegerField(blank=True, null=True)),
                ("capture_rate_num", models.PositiveIntegerField(blank=True, null=True)),
                ("capture_rate_den", models.PositiveIntegerField(blank=True, null=True)),
                ("duration_ms", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="duration")),
                ("width_px", models.PositiveIntegerField(blank=True, null=True, verbose_name="width")),
                ("height_px", models.PositiveIntegerField(blank=True, null=True, verbose_name="height")),
                ("rotation_deg", models.SmallIntegerField(default=0, verbose_name="rotation")),
                ("codec", models.CharField(blank=True, max_length=20, verbose_name="codec")),
                ("has_audio", models.BooleanField(blank=True, null=True, verbose_name="sound")),
                (
                    "recorded_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The camera's clock, put right by its offset.",
                        null=True,
                        verbose_name="recorded",
                    ),
                ),
                (
                    "utc_offset_min",
                    models.SmallIntegerField(
                        blank=True,
                        help_text="Where it was recorded; empty if unknown.",
                        null=True,
                        verbose_name="minutes ahead of UTC",
                    ),
                ),
                ("camera_serial", models.CharField(blank=True, max_length=40, verbose_name="camera's serial number")),
                ("probe", models.JSONField(blank=True, default=dict, verbose_name="all that the probe read")),
                (
                    "low_res_of",
                    models.ForeignKey(
                        blank=True,
                        help_text="A camera's own low-resolution copy (LRV) of another file.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="low_res_copies",
                        to="clips.originalfile",
                        verbose_name="small copy of",
                    ),
                ),
                (
                    "not_needed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="not needed, says",
                    ),
                ),
                (
                    "uploader",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="files",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploader",
                    ),
                ),
                (
                    "shoot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="clips.shoot",
                        verbose_name="session",
                    ),
                ),
            ],
            options={
                "verbose_name": "original file",
                "verbose_name_plural": "original files",
                "ordering": ["shoot", "recorded_at", "original_filename"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("size_bytes__gt", 0)), name="original_has_size"),
                    models.CheckConstraint(
                        condition=models.Q(("file_hash__regex", "^[0-9a-f]{64}$")), name="original_hash_is_sha256"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duration_ms", None), ("duration_ms__gt", 0), _connector="OR"),
                        name="original_has_duration",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rate_den", None), ("rate_num", None)),
                            models.Q(("rate_den__gt", 0), ("rate_num__gt", 0)),
                            _connector="OR",
                        ),
                        name="original_rate_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("capture_rate_den", None), ("capture_rate_num", None)),
                            models.Q(("capture_rate_den__gt", 0), ("capture_rate_num__gt", 0)),
                            _connector="OR",
                        ),
                        name="original_capture_rate_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("low_res_of", models.F("id")), _negated=True),
                        name="original_no_copy_of_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DetectionRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.CharField(max_length=60, verbose_name="version")),
                ("parameters", models.JSONField(default=dict, verbose_name="parameters")),
                (
                    "curve",
                    models.JSONField(
                        default=dict, help_text="step_ms and one value from 0 to 1 for each step.", verbose_name="curve"
                    ),
                ),
                ("timings", models.JSONField(default=dict, verbose_name="timings")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="analysed")),
                (
                    "original_file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="clips.originalfile",
                        verbose_name="original file",
                    ),
                ),
            ],
            options={
                "verbose_name": "detection run",
                "verbose_name_plural": "detection runs",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Filmstrip",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stored_path", models.CharField(max_length=100, unique=True, verbose_name="stored as")),
                ("columns", models.PositiveSmallIntegerField(verbose_name="pictures in a row")),
                ("tile_width_px", models.PositiveSmallIntegerField(verbose_name="width of a picture")),
                ("tile_height_px", models.PositiveSmallIntegerField(verbose_name="height of a picture")),
                (
                    "times_ms",
                    models.JSONField(
                        help_text="The moment of each picture in the original, in milliseconds.", verbose_name="times"
                    ),
                ),
                (
                    "waveform",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="step_ms, and levels from 0 to 255; empty without sound.",
                        verbose_name="waveform",
                    ),
                ),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="size")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
                (
                    "original_file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="filmstrip",
                        to="clips.originalfile",
                        verbose_name="original file",
                    ),
                ),
            ],
            options={
                "verbose_name": "filmstrip",
                "verbose_name_plural": "filmstrips",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("columns__gt", 0), ("tile_height_px__gt", 0), ("tile_width_px__gt", 0)),
                        name="filmstrip_has_tiles",
                    )
                ],
            },
        ),
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
                (
                    "original_file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="evictions",
                        to="clips.originalfile",
                        verbose_name="original file",
                    ),
                ),
            ],
            options={
                "verbose_name": "eviction",
                "verbose_name_plural": "evictions",
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["-created_at"], name="eviction_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["SCRATCH", "PREVIEW", "ORIGINAL"])), name="eviction_kind_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("BROWSER", "upload page"),
                            ("FOLDER", "incoming folder"),
                            ("COMMAND", "command"),
                            ("DRIVE", "Drive folder"),
                        ],
                        default="BROWSER",
                        max_length=10,
                        verbose_name="came by",
                    ),
                ),
                ("session_name", models.CharField(blank=True, max_length=100, verbose_name="asked session")),
                ("session_date", models.DateField(blank=True, null=True, verbose_name="asked date")),
                ("came_from", models.CharField(blank=True, max_length=1000, verbose_name="found as")),
                ("remote_id", models.CharField(blank=True, editable=False, max_length=300, verbose_name="id there")),
                ("mark", models.CharField(blank=True, editable=False, max_length=100)),
                ("modified_at", models.DateTimeField(blank=True, null=True, verbose_name="last changed before")),
                ("put_away_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="put away")),
                ("original_filename", models.CharField(max_length=300, verbose_name="file name")),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="size")),
                ("offset_bytes", models.PositiveBigIntegerField(default=0, verbose_name="received")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "waiting for room"),
                            ("RECEIVING", "receiving"),
                            ("RECEIVED", "checking"),
                            ("REGISTERED", "here"),
                            ("DUPLICATE", "already here"),
                            ("FAILED", "failed"),
                            ("GONE", "given up"),
                        ],
                        default="RECEIVING",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "node",
                    models.CharField(
                        default=clips.models.upload.this_node,
                        editable=False,
                        help_text="The machine that has its bytes.",
                        max_length=64,
                        verbose_name="on",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "metadata",
                    models.TextField(
                        blank=True, help_text="Upload-Metadata as it came.", verbose_name="what the client says of it"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="begun")),
                ("updated_at", models.DateTimeField(auto_now_add=True, verbose_name="last byte")),
                (
                    "original_file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to="clips.originalfile",
                        verbose_name="became",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "shoot",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty until the file says on which day it was recorded.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="clips.shoot",
                        verbose_name="session",
                    ),
                ),
            ],
            options={
                "verbose_name": "upload",
                "verbose_name_plural": "uploads",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "RECEIVING")), fields=["updated_at"], name="upload_receiving"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("size_bytes__gt", 0)), name="upload_has_size"),
                    models.CheckConstraint(
                        condition=models.Q(("offset_bytes__lte", models.F("size_bytes"))),
                        name="upload_offset_within_size",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["WAITING", "RECEIVING", "RECEIVED", "REGISTERED", "DUPLICATE", "FAILED", "GONE"],
                            )
                        ),
                        name="upload_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["WAITING", "RECEIVING", "GONE"]),
                            ("offset_bytes", models.F("size_bytes")),
                            _connector="OR",
                        ),
                        name="upload_done_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["REGISTERED"]), _negated=True), ("reason", ""), _connector="OR"
                        ),
                        name="upload_good_has_no_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["BROWSER", "FOLDER", "COMMAND", "DRIVE"])),
                        name="upload_source_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("put_away_at", None), ("source", "FOLDER")),
                        fields=("came_from",),
                        name="upload_one_per_found_file",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("source", "DRIVE")),
                        fields=("remote_id", "mark"),
                        name="upload_one_per_drive_file",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CandidateSegment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("start_ms", models.PositiveBigIntegerField(verbose_name="start")),
                ("end_ms", models.PositiveBigIntegerField(verbose_name="end")),
                ("score", models.FloatField(blank=True, null=True, verbose_name="score")),
                ("why", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("features", models.JSONField(blank=True, default=dict, verbose_name="features")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("UNREVIEWED", "unreviewed"),
                            ("IN_PROGRESS", "being sorted"),
                            ("ACCEPTED", "kept"),
                            ("TRASHED", "trashed"),
                        ],
                        default="UNREVIEWED",
                        max_length=11,
                        verbose_name="status",
                    ),
                ),
                ("locked_at", models.DateTimeField(blank=True, null=True, verbose_name="held since")),
                ("lease_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("lease_ends_at", models.DateTimeField(blank=True, null=True, verbose_name="held until")),
                (
                    "skipped_at",
                    models.DateTimeField(
                        blank=True, help_text="Handed out again after the rest.", null=True, verbose_name="skipped"
                    ),
                ),
                (
                    "poster_path",
                    models.CharField(
                        blank=True, help_text="Empty until it is made.", max_length=100, verbose_name="picture"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="proposed")),
                (
                    "locked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="held_segments",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="held by",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="children",
                        to="clips.candidatesegment",
                        verbose_name="split from",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty when a person made it by hand.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="segments",
                        to="clips.detectionrun",
                        verbose_name="proposed by",
                    ),
                ),
                (
                    "original_file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="segments",
                        to="clips.originalfile",
                        verbose_name="original file",
                    ),
                ),
            ],
            options={
                "verbose_name": "candidate segment",
                "verbose_name_plural": "candidate segments",
                "ordering": ["original_file", "start_ms"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["UNREVIEWED", "IN_PROGRESS"])),
                        fields=["original_file", "-score", "start_ms"],
                        name="segment_queue",
                    ),
                    models.Index(
                        condition=models.Q(("lease_token__isnull", False)), fields=["lease_token"], name="segment_lease"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_ms__gt", models.F("start_ms"))), name="segment_has_length"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["UNREVIEWED", "IN_PROGRESS", "ACCEPTED", "TRASHED"])),
                        name="segment_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("score", None), models.Q(("score__gte", 0), ("score__lte", 1)), _connector="OR"
                        ),
                        name="segment_score_in_unit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("run", None), ("score__isnull", False), _connector="OR"),
                        name="segment_proposal_has_score",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease_ends_at__isnull", False),
                                ("lease_token__isnull", False),
                                ("locked_at__isnull", False),
                                ("status", "IN_PROGRESS"),
                            ),
                            models.Q(
                                models.Q(("status", "IN_PROGRESS"), _negated=True),
                                ("lease_ends_at", None),
                                ("lease_token", None),
                                ("locked_at", None),
                                ("locked_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="segment_lock_fields_together",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("KEEP", "keep"),
                            ("TRASH", "trash"),
                            ("SKIP", "skip"),
                            ("ASIDE", "put the video aside"),
                            ("SPLIT", "split"),
                            ("ADD", "add a moment"),
                            ("UNDO", "undo"),
                        ],
                        max_length=10,
                        verbose_name="decision",
                    ),
                ),
                (
                    "member_name",
                    models.CharField(
                        help_text="Kept when the member is deleted.", max_length=40, verbose_name="by (name)"
                    ),
                ),
                ("before", models.JSONField(default=dict, verbose_name="before")),
                ("after", models.JSONField(default=dict, verbose_name="after")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="decisions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="clips.candidatesegment",
                        verbose_name="segment",
                    ),
                ),
                (
                    "undone_by",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undoes",
                        to="clips.decision",
                        verbose_name="undone by",
                    ),
                ),
            ],
            options={
                "verbose_name": "decision",
                "verbose_name_plural": "decisions",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["member", "-created_at"], name="decision_pace"),
                    models.Index(fields=["-created_at"], name="decision_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["KEEP", "TRASH", "SKIP", "ASIDE", "SPLIT", "ADD", "UNDO"])),
                        name="decision_kind_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FinalClip",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "category",
                    models.CharField(
                        choices=[("TRICK", "trick"), ("BROLL", "b-roll"), ("CRASH", "crash")],
                        default="TRICK",
                        max_length=5,
                        verbose_name="category",
                    ),
                ),
                ("start_ms", models.PositiveBigIntegerField(verbose_name="start")),
                ("end_ms", models.PositiveBigIntegerField(verbose_name="end")),
                ("camera_id", models.CharField(max_length=40, verbose_name="camera")),
                ("fps_label", models.CharField(max_length=10, verbose_name="frame rate")),
                ("date", models.DateField(verbose_name="date")),
                ("filename", models.CharField(max_length=240, unique=True, verbose_name="file name")),
                (
                    "stored_path",
                    models.CharField(
                        blank=True, help_text="Empty until it is cut.", max_length=100, verbose_name="stored as"
                    ),
                ),
                ("file_hash", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("size_bytes", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="size")),
                ("drive_file_id", models.CharField(blank=True, max_length=100, verbose_name="Drive file")),
                (
                    "search_text",
                    models.TextField(
                        blank=True,
                        editable=False,
                        help_text="All words that a search may use, names and aliases among them.",
                        verbose_name="found by",
                    ),
                ),
                (
                    "removed_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="Set when the decision that made it was undone.",
                        null=True,
                        verbose_name="removed",
                    ),
                ),
                ("lineage", models.UUIDField(default=uuid.uuid4, editable=False, verbose_name="lineage")),
                ("is_current", models.BooleanField(default=True, verbose_name="current version")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="kept")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "also",
                    models.ManyToManyField(
                        blank=True, related_name="also_in", to="people.person", verbose_name="also in it"
                    ),
                ),
                (
                    "candidate_segment",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty when it was imported.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clips",
                        to="clips.candidatesegment",
                        verbose_name="segment",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="clips",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="sorted by",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clips",
                        to="people.person",
                        verbose_name="person",
                    ),
                ),
                (
                    "trick",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clips",
                        to="tricks.trick",
                        verbose_name="trick",
                    ),
                ),
                (
                    "original_file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clips",
                        to="clips.originalfile",
                        verbose_name="original file",
                    ),
                ),
            ],
            options={
                "verbose_name": "final clip",
                "verbose_name_plural": "final clips",
                "ordering": ["-date", "-created_at"],
                "indexes": [
                    models.Index(fields=["-date", "-created_at"], name="clip_newest"),
                    models.Index(fields=["-created_at"], name="clip_last_kept"),
                    models.Index(
                        condition=models.Q(("is_current", True)), fields=["camera_id", "fps_label"], name="clip_cameras"
                    ),
                    models.Index(
                        condition=models.Q(("is_current", True)), fields=["person"], name="clip_current_of_person"
                    ),
                    models.Index(
                        condition=models.Q(("is_current", True)), fields=["trick"], name="clip_current_of_trick"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.search.SearchVector("search_text", config="simple"), name="clip_search"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_ms__gt", models.F("start_ms"))), name="clip_has_length"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("category__in", ["TRICK", "BROLL", "CRASH"])), name="clip_category_known"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("lineage",),
                        name="clip_one_current_per_lineage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("removed_at", None), ("is_current", False), _connector="OR"),
                        name="clip_removed_is_not_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("file_hash", ""), ("size_bytes", None), ("stored_path", "")),
                            models.Q(
                                ("file_hash__regex", "^[0-9a-f]{64}$"),
                                ("size_bytes__gt", 0),
                                models.Q(("stored_path", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="clip_file_fields_together",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Preview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stored_path", models.CharField(max_length=100, unique=True, verbose_name="stored as")),
                ("start_ms", models.PositiveBigIntegerField(verbose_name="start in the original")),
                ("end_ms", models.PositiveBigIntegerField(verbose_name="end in the original")),
                (
                    "slow_down",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="4: 240 frames a second are played at 60.", verbose_name="slowed down"
                    ),
                ),
                ("width_px", models.PositiveIntegerField(verbose_name="width")),
                ("height_px", models.PositiveIntegerField(verbose_name="height")),
                ("size_bytes", models.PositiveBigIntegerField(verbose_name="size")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
                (
                    "seen_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Last time, about; empty if nobody has yet.",
                        null=True,
                        verbose_name="looked at",
                    ),
                ),
                (
                    "segment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preview",
                        to="clips.candidatesegment",
                        verbose_name="segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "preview",
                "verbose_name_plural": "previews",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_ms__gt", models.F("start_ms"))), name="preview_has_length"
                    ),
                    models.CheckConstraint(condition=models.Q(("slow_down__gte", 1)), name="preview_slowed_or_not"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchiveCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backend", models.CharField(max_length=20, verbose_name="archive")),
                ("path", models.CharField(max_length=500, verbose_name="path")),
                ("remote_id", models.CharField(blank=True, max_length=500, verbose_name="id there")),
                (
                    "sha256",
                    models.CharField(
                        help_text="Of what is sent, written before it is.", max_length=64, verbose_name="SHA-256"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("SENDING", "sending"),
                            ("VERIFIED", "verified"),
                            ("WITHDRAWN", "taken back"),
                            ("REMOVED", "removed by somebody"),
                        ],
                        default="SENDING",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("session", models.TextField(blank=True, editable=False)),
                ("verified_at", models.DateTimeField(blank=True, null=True, verbose_name="verified")),
                (
                    "folder",
                    models.ForeignKey(
                        blank=True,
                        help_text="Where we put it; somebody may have moved it since.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to="clips.archivefolder",
                        verbose_name="folder",
                    ),
                ),
                (
                    "clip",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to="clips.finalclip",
                    ),
                ),
                (
                    "original_file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to="clips.originalfile",
                    ),
                ),
            ],
            options={
                "verbose_name": "archive copy",
                "verbose_name_plural": "archive copies",
                "indexes": [models.Index(fields=["remote_id"], name="copy_by_remote_id")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("clip__isnull", False), ("original_file", None)),
                            models.Q(("clip", None), ("original_file__isnull", False)),
                            _connector="OR",
                        ),
                        name="copy_of_one_thing",
                    ),
                    models.UniqueConstraint(fields=("clip", "backend"), name="copy_one_per_clip"),
                    models.UniqueConstraint(fields=("original_file", "backend"), name="copy_one_per_original"),
                    models.UniqueConstraint(fields=("backend", "path"), name="copy_path_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["SENDING", "VERIFIED", "WITHDRAWN", "REMOVED"])),
                        name="copy_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "VERIFIED"), ("verified_at__isnull", False)),
                            models.Q(("state__in", ["SENDING", "WITHDRAWN", "REMOVED"]), ("verified_at", None)),
                            _connector="OR",
                        ),
                        name="copy_verified_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SharedCopy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("slow_down", models.PositiveSmallIntegerField(default=1, verbose_name="slowed down")),
                (
                    "sound",
                    models.CharField(
                        choices=[("STRETCH", "slowed down, too"), ("DROP", "left out")],
                        default="STRETCH",
                        max_length=7,
                        verbose_name="sound",
                    ),
                ),
                (
                    "stored_path",
                    models.CharField(
                        blank=True, help_text="Empty until it is made.", max_length=100, verbose_name="stored as"
                    ),
                ),
                ("size_bytes", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="size")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="wanted")),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shared_copies",
                        to="clips.finalclip",
                        verbose_name="clip",
                    ),
                ),
            ],
            options={
                "verbose_name": "copy for sharing",
                "verbose_name_plural": "copies for sharing",
                "ordering": ["clip", "slow_down", "sound"],
                "constraints": [
                    models.UniqueConstraint(fields=("clip", "slow_down", "sound"), name="shared_copy_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("slow_down__gte", 1), ("slow_down__lte", 16)), name="shared_copy_slow_down"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sound__in", ["STRETCH", "DROP"])), name="shared_copy_sound_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("size_bytes", None), ("stored_path", "")),
                            models.Q(("size_bytes__gt", 0), models.Q(("stored_path", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="shared_copy_file_fields_together",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
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
                            ("COLLECT", "fetch from the Drive folder"),
                            ("FETCH", "fetch back from the archive"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("params", models.JSONField(blank=True, default=dict, verbose_name="parameters")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "waiting"),
                            ("RUNNING", "running"),
                            ("DONE", "done"),
                            ("FAILED", "failed"),
                            ("CANCELLED", "cancelled"),
                        ],
                        default="WAITING",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=5, help_text="0 goes first, 9 last.", verbose_name="priority"
                    ),
                ),
                ("run_after", models.DateTimeField(default=django.utils.timezone.now, verbose_name="not before")),
                ("published_at", models.DateTimeField(editable=False, null=True, verbose_name="told the broker")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_ends_at", models.DateTimeField(editable=False, null=True, verbose_name="held until")),
                ("worker", models.CharField(blank=True, editable=False, max_length=100, verbose_name="worker")),
                ("progress", models.FloatField(default=0, verbose_name="progress")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "waits_for",
                    models.CharField(
                        blank=True,
                        choices=[("ROOM", "room on the disk"), ("ORIGINAL", "its original")],
                        editable=False,
                        max_length=10,
                        verbose_name="waits for",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="asked")),
                ("started_at", models.DateTimeField(editable=False, null=True, verbose_name="started")),
                ("finished_at", models.DateTimeField(editable=False, null=True, verbose_name="ended")),
                (
                    "clip",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="clips.finalclip",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="clips.candidatesegment",
                    ),
                ),
                (
                    "original_file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="clips.originalfile",
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="clips.upload",
                    ),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("WAITING", "RUNNING"))),
                        fields=["state", "run_after"],
                        name="job_active",
                    ),
                    models.Index(fields=["-created_at"], name="job_newest"),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", False)), fields=["finished_at"], name="job_ended"
                    ),
                    models.Index(condition=models.Q(("state", "FAILED")), fields=["kind"], name="job_failed"),
                    models.Index(
                        condition=models.Q(("waits_for", ""), _negated=True), fields=["waits_for"], name="job_waits_for"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
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
                                ],
                            )
                        ),
                        name="job_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["WAITING", "RUNNING", "DONE", "FAILED", "CANCELLED"])),
                        name="job_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("waits_for__in", ["", "ROOM", "ORIGINAL"])), name="job_waits_for_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("priority__lte", 9)), name="job_priority_in_steps"),
                    models.CheckConstraint(
                        condition=models.Q(("progress__gte", 0), ("progress__lte", 1)), name="job_progress_in_unit"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease_ends_at__isnull", False), ("lease_token__isnull", False), ("state", "RUNNING")
                            ),
                            models.Q(
                                models.Q(("state", "RUNNING"), _negated=True),
                                ("lease_ends_at", None),
                                ("lease_token", None),
                            ),
                            _connector="OR",
                        ),
                        name="job_lease_fields_together",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("WAITING", "RUNNING"))),
                        fields=("kind", "upload"),
                        name="job_one_active_per_upload",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("WAITING", "RUNNING"))),
                        fields=("kind", "original_file"),
                        name="job_one_active_per_original_file",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("WAITING", "RUNNING"))),
                        fields=("kind", "segment"),
                        name="job_one_active_per_segment",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("WAITING", "RUNNING"))),
                        fields=("kind", "clip"),
                        name="job_one_active_per_clip",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShareLink",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("secret_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="works until")),
                (
                    "ended_at",
                    models.DateTimeField(
                        blank=True, help_text="Set when somebody took it back.", null=True, verbose_name="ended"
                    ),
                ),
                (
                    "copy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="clips.sharedcopy",
                        verbose_name="copy",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="share_links",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
            ],
            options={
                "verbose_name": "share link",
                "verbose_name_plural": "share links",
                "ordering": ["-created_at"],
            },
        ),
    ]

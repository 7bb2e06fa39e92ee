"""Gives models, fields and choices the words of the pages. Labels only: no table changes."""

import clips.models.notice
import clips.models.upload
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0037_leases"),
        ("people", "0006_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="archiveblock",
            options={"verbose_name": "archive problem", "verbose_name_plural": "archive problems"},
        ),
        migrations.AlterModelOptions(
            name="candidatesegment",
            options={
                "ordering": ["original_file", "start_ms"],
                "verbose_name": "moment",
                "verbose_name_plural": "moments",
            },
        ),
        migrations.AlterModelOptions(
            name="detectionrun",
            options={"ordering": ["-created_at"], "verbose_name": "search", "verbose_name_plural": "searches"},
        ),
        migrations.AlterModelOptions(
            name="eviction",
            options={
                "ordering": ["-created_at", "-pk"],
                "verbose_name": "freed space",
                "verbose_name_plural": "freed space",
            },
        ),
        migrations.AlterModelOptions(
            name="finalclip",
            options={"ordering": ["-date", "-created_at"], "verbose_name": "clip", "verbose_name_plural": "clips"},
        ),
        migrations.AlterModelOptions(
            name="originalfile",
            options={
                "ordering": ["shoot", "recorded_at", "original_filename"],
                "verbose_name": "video",
                "verbose_name_plural": "videos",
            },
        ),
        migrations.AlterModelOptions(
            name="sharedcopy",
            options={
                "ordering": ["clip", "slow_down", "sound"],
                "verbose_name": "share video",
                "verbose_name_plural": "share videos",
            },
        ),
        migrations.AlterField(
            model_name="archiveblock",
            name="look_again_at",
            field=models.DateTimeField(verbose_name="next check"),
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
                ],
                max_length=20,
                verbose_name="reason",
            ),
        ),
        migrations.AlterField(
            model_name="archivecopy",
            name="folder",
            field=models.ForeignKey(
                blank=True,
                help_text="Where it was put; it may have been moved since.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="clips.archivefolder",
                verbose_name="folder",
            ),
        ),
        migrations.AlterField(
            model_name="archivecopy",
            name="remote_id",
            field=models.CharField(blank=True, max_length=500, verbose_name="remote ID"),
        ),
        migrations.AlterField(
            model_name="archivecopy",
            name="sha256",
            field=models.CharField(
                help_text="Of the file that is sent; recorded before sending.", max_length=64, verbose_name="SHA-256"
            ),
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
                ],
                default="SENDING",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="archivefolder",
            name="remote_id",
            field=models.CharField(blank=True, max_length=300, verbose_name="remote ID"),
        ),
        migrations.AlterField(
            model_name="auditreport",
            name="counts",
            field=models.JSONField(default=dict, help_text="Number of each kind.", verbose_name="by kind"),
        ),
        migrations.AlterField(
            model_name="auditreport",
            name="n_mended",
            field=models.PositiveIntegerField(default=0, verbose_name="repaired"),
        ),
        migrations.AlterField(
            model_name="auditreport",
            name="n_wrong",
            field=models.PositiveIntegerField(default=0, help_text="Without what was repaired.", verbose_name="wrong"),
        ),
        migrations.AlterField(
            model_name="auditreport",
            name="seen_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="last active"),
        ),
        migrations.AlterField(
            model_name="auditreport",
            name="started_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="started"),
        ),
        migrations.AlterField(
            model_name="auditreport",
            name="state",
            field=models.CharField(
                choices=[("RUNNING", "running"), ("DONE", "done"), ("BROKEN_OFF", "interrupted")],
                default="RUNNING",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="cameraclock",
            name="day",
            field=models.DateField(help_text="By the camera's own clock, before correction.", verbose_name="day"),
        ),
        migrations.AlterField(
            model_name="cameraclock",
            name="serial",
            field=models.CharField(
                blank=True,
                help_text="Leave empty for every camera of this model.",
                max_length=40,
                verbose_name="serial number",
            ),
        ),
        migrations.AlterField(
            model_name="cameraname",
            name="serial",
            field=models.CharField(
                blank=True,
                help_text="Leave empty for every camera of this model.",
                max_length=40,
                verbose_name="serial number",
            ),
        ),
        migrations.AlterField(
            model_name="candidatesegment",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="found"),
        ),
        migrations.AlterField(
            model_name="candidatesegment",
            name="original_file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="segments",
                to="clips.originalfile",
                verbose_name="video",
            ),
        ),
        migrations.AlterField(
            model_name="candidatesegment",
            name="poster_path",
            field=models.CharField(
                blank=True, help_text="Empty until it exists.", max_length=100, verbose_name="picture"
            ),
        ),
        migrations.AlterField(
            model_name="candidatesegment",
            name="run",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty if added by hand.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="segments",
                to="clips.detectionrun",
                verbose_name="found by",
            ),
        ),
        migrations.AlterField(
            model_name="candidatesegment",
            name="skipped_at",
            field=models.DateTimeField(
                blank=True, help_text="Comes back after the rest.", null=True, verbose_name="skipped"
            ),
        ),
        migrations.AlterField(
            model_name="candidatesegment",
            name="status",
            field=models.CharField(
                choices=[
                    ("UNREVIEWED", "to sort"),
                    ("IN_PROGRESS", "being sorted"),
                    ("ACCEPTED", "kept"),
                    ("TRASHED", "trashed"),
                ],
                default="UNREVIEWED",
                max_length=11,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="kind",
            field=models.CharField(
                choices=[
                    ("KEEP", "keep"),
                    ("TRASH", "trash"),
                    ("SKIP", "skip"),
                    ("ASIDE", "set video aside"),
                    ("SPLIT", "split"),
                    ("ADD", "add a moment"),
                    ("UNDO", "undo"),
                ],
                max_length=10,
                verbose_name="decision",
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="segment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="clips.candidatesegment",
                verbose_name="moment",
            ),
        ),
        migrations.AlterField(
            model_name="detectionrun",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="searched"),
        ),
        migrations.AlterField(
            model_name="detectionrun",
            name="original_file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="runs",
                to="clips.originalfile",
                verbose_name="video",
            ),
        ),
        migrations.AlterField(
            model_name="detectionrun",
            name="unread",
            field=models.CharField(
                blank=True,
                help_text="Parts of the video that the search could not read.",
                max_length=500,
                verbose_name="could not be read",
            ),
        ),
        migrations.AlterField(
            model_name="drivegrant",
            name="granted_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="granted"),
        ),
        migrations.AlterField(
            model_name="drivegrant",
            name="granted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="granted by",
            ),
        ),
        migrations.AlterField(
            model_name="eviction",
            name="kind",
            field=models.CharField(
                choices=[
                    ("SCRATCH", "abandoned work in progress"),
                    ("PREVIEW", "previews of sorted moments"),
                    ("ORIGINAL", "originals"),
                ],
                max_length=10,
                verbose_name="what",
            ),
        ),
        migrations.AlterField(
            model_name="eviction",
            name="original_file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="evictions",
                to="clips.originalfile",
                verbose_name="video",
            ),
        ),
        migrations.AlterField(
            model_name="filmstrip",
            name="columns",
            field=models.PositiveSmallIntegerField(verbose_name="pictures per row"),
        ),
        migrations.AlterField(
            model_name="filmstrip",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="filmstrip",
            name="original_file",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="filmstrip",
                to="clips.originalfile",
                verbose_name="video",
            ),
        ),
        migrations.AlterField(
            model_name="filmstrip",
            name="times_ms",
            field=models.JSONField(
                help_text="Time of each picture in the original, in milliseconds.", verbose_name="times"
            ),
        ),
        migrations.AlterField(
            model_name="finalclip",
            name="also",
            field=models.ManyToManyField(
                blank=True, related_name="also_in", to="people.person", verbose_name="also in the clip"
            ),
        ),
        migrations.AlterField(
            model_name="finalclip",
            name="candidate_segment",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty if it was imported.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clips",
                to="clips.candidatesegment",
                verbose_name="moment",
            ),
        ),
        migrations.AlterField(
            model_name="finalclip",
            name="original_file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clips",
                to="clips.originalfile",
                verbose_name="video",
            ),
        ),
        migrations.AlterField(
            model_name="finalclip",
            name="search_text",
            field=models.TextField(
                blank=True,
                editable=False,
                help_text="All words that find the clip, including names and aliases.",
                verbose_name="search text",
            ),
        ),
        migrations.AlterField(
            model_name="finalclip",
            name="tracks",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="For each track of the original: copied, converted or left out.",
                verbose_name="tracks",
            ),
        ),
        migrations.AlterField(
            model_name="inbox",
            name="left_alone",
            field=models.CharField(blank=True, max_length=500, verbose_name="ignored files"),
        ),
        migrations.AlterField(
            model_name="inbox",
            name="listed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last full listing"),
        ),
        migrations.AlterField(
            model_name="inbox",
            name="looked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last checked"),
        ),
        migrations.AlterField(
            model_name="inbox",
            name="sentence",
            field=models.TextField(blank=True, verbose_name="problem"),
        ),
        migrations.AlterField(
            model_name="job",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="job",
            name="kills",
            field=models.PositiveSmallIntegerField(
                default=0, editable=False, verbose_name="times the reader was killed"
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
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="priority",
            field=models.PositiveSmallIntegerField(default=5, help_text="0 is first, 9 last.", verbose_name="priority"),
        ),
        migrations.AlterField(
            model_name="job",
            name="published_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="published"),
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
                ],
                editable=False,
                max_length=10,
                verbose_name="waits for",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("READY", "a session is ready to sort"),
                    ("BLOCKED", "something needs attention"),
                    ("DAILY", "daily summary"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="path",
            field=models.CharField(blank=True, max_length=200, verbose_name="link"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="reason",
            field=models.CharField(blank=True, max_length=300, verbose_name="answer"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="state",
            field=models.CharField(
                choices=[
                    ("WAITING", "waiting"),
                    ("SENDING", "being sent"),
                    ("SENT", "sent"),
                    ("UNKNOWN", "sent, no answer"),
                    ("FAILED", "failed"),
                ],
                default="WAITING",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="noticechannel",
            name="shown_target",
            field=models.CharField(editable=False, max_length=100, verbose_name="recipient"),
        ),
        migrations.AlterField(
            model_name="noticechannel",
            name="wants",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("READY", "a session is ready to sort"),
                        ("BLOCKED", "something needs attention"),
                        ("DAILY", "daily summary"),
                    ],
                    max_length=10,
                ),
                default=clips.models.notice.all_kinds,
                size=None,
                verbose_name="notices",
            ),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="aside_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Its moments are skipped while sorting; nothing is trashed.",
                null=True,
                verbose_name="set aside",
            ),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="clip_ending",
            field=models.CharField(
                default="mp4",
                help_text="The file type that can hold its video track.",
                max_length=3,
                verbose_name="clip file extension",
            ),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="evicted_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the file was removed from the disk; the archive has a copy.",
                null=True,
                verbose_name="removed from disk",
            ),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="fetched_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="restored"),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="low_res_of",
            field=models.ForeignKey(
                blank=True,
                help_text="For a camera's low-resolution copy (LRV) or second lens: the main video.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="low_res_copies",
                to="clips.originalfile",
                verbose_name="belongs to",
            ),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="not_needed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="May be removed without an archive copy once its moments are sorted and its clips archived.",
                null=True,
                verbose_name="may be removed",
            ),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="not_needed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="released by",
            ),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="probe",
            field=models.JSONField(blank=True, default=dict, verbose_name="file details"),
        ),
        migrations.AlterField(
            model_name="originalfile",
            name="recorded_at",
            field=models.DateTimeField(
                blank=True, help_text="The camera's clock, corrected by its offset.", null=True, verbose_name="recorded"
            ),
        ),
        migrations.AlterField(
            model_name="preview",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="preview",
            name="seen_at",
            field=models.DateTimeField(
                blank=True, help_text="Approximate; empty if nobody has yet.", null=True, verbose_name="last viewed"
            ),
        ),
        migrations.AlterField(
            model_name="preview",
            name="segment",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="preview",
                to="clips.candidatesegment",
                verbose_name="moment",
            ),
        ),
        migrations.AlterField(
            model_name="preview",
            name="slow_down",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="4 plays 240 frames per second at 60.", verbose_name="slowed down"
            ),
        ),
        migrations.AlterField(
            model_name="sharedcopy",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="requested"),
        ),
        migrations.AlterField(
            model_name="sharedcopy",
            name="sound",
            field=models.CharField(
                choices=[("STRETCH", "slowed down too"), ("DROP", "left out")],
                default="STRETCH",
                max_length=7,
                verbose_name="sound",
            ),
        ),
        migrations.AlterField(
            model_name="sharedcopy",
            name="stored_path",
            field=models.CharField(
                blank=True, help_text="Empty until it exists.", max_length=100, verbose_name="stored as"
            ),
        ),
        migrations.AlterField(
            model_name="sharelink",
            name="copy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links",
                to="clips.sharedcopy",
                verbose_name="share video",
            ),
        ),
        migrations.AlterField(
            model_name="sharelink",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="sharelink",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="share_links",
                to=settings.AUTH_USER_MODEL,
                verbose_name="created by",
            ),
        ),
        migrations.AlterField(
            model_name="sharelink",
            name="ended_at",
            field=models.DateTimeField(
                blank=True, help_text="Set when it was revoked.", null=True, verbose_name="revoked"
            ),
        ),
        migrations.AlterField(
            model_name="sharelink",
            name="ends_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="expires"),
        ),
        migrations.AlterField(
            model_name="shoot",
            name="date",
            field=models.DateField(
                help_text="Used in file and folder names, also for videos filmed after midnight.", verbose_name="date"
            ),
        ),
        migrations.AlterField(
            model_name="shoot",
            name="sensitivity",
            field=models.PositiveSmallIntegerField(
                default=50,
                help_text="0 shows only the surest moments, 100 all of them. Takes effect at once.",
                verbose_name="sensitivity",
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="came_from",
            field=models.CharField(blank=True, max_length=1000, verbose_name="found at"),
        ),
        migrations.AlterField(
            model_name="upload",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="started"),
        ),
        migrations.AlterField(
            model_name="upload",
            name="metadata",
            field=models.TextField(
                blank=True, help_text="The Upload-Metadata header as received.", verbose_name="client metadata"
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="modified_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last modified"),
        ),
        migrations.AlterField(
            model_name="upload",
            name="node",
            field=models.CharField(
                default=clips.models.upload.this_node,
                editable=False,
                help_text="The machine that holds the data.",
                max_length=64,
                verbose_name="machine",
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="original_file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="uploads",
                to="clips.originalfile",
                verbose_name="video",
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="put_away_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="moved away"),
        ),
        migrations.AlterField(
            model_name="upload",
            name="remote_id",
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name="remote ID"),
        ),
        migrations.AlterField(
            model_name="upload",
            name="session_date",
            field=models.DateField(blank=True, null=True, verbose_name="requested date"),
        ),
        migrations.AlterField(
            model_name="upload",
            name="session_name",
            field=models.CharField(blank=True, max_length=100, verbose_name="requested session"),
        ),
        migrations.AlterField(
            model_name="upload",
            name="shoot",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty until the recording date is known.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="uploads",
                to="clips.shoot",
                verbose_name="session",
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="source",
            field=models.CharField(
                choices=[
                    ("BROWSER", "upload page"),
                    ("FOLDER", "incoming folder"),
                    ("COMMAND", "command"),
                    ("DRIVE", "Drive folder"),
                ],
                default="BROWSER",
                max_length=10,
                verbose_name="source",
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="state",
            field=models.CharField(
                choices=[
                    ("WAITING", "waiting for disk space"),
                    ("RECEIVING", "receiving"),
                    ("RECEIVED", "checking"),
                    ("REGISTERED", "added"),
                    ("DUPLICATE", "already here"),
                    ("FAILED", "failed"),
                    ("GONE", "cancelled"),
                ],
                default="RECEIVING",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="updated_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="last data"),
        ),
        migrations.AlterConstraint(
            model_name="cameraclock",
            name="camera_clock_unique",
            constraint=models.UniqueConstraint(
                fields=("camera_id", "serial", "day"),
                name="camera_clock_unique",
                violation_error_message="This camera's clock already has an offset for that day.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="cameraname",
            name="camera_name_unique",
            constraint=models.UniqueConstraint(
                fields=("camera_id", "serial"),
                name="camera_name_unique",
                violation_error_message="This camera already has a name.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="shoot",
            name="shoot_slug_unique",
            constraint=models.UniqueConstraint(
                models.F("date"),
                django.db.models.functions.text.Lower("slug"),
                name="shoot_slug_unique",
                violation_error_message="A session with this name already exists on this day.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="shoot",
            name="shoot_name_unique",
            constraint=models.UniqueConstraint(
                fields=("date", "name_key"),
                name="shoot_name_unique",
                violation_error_message="A session with this name already exists on this day.",
            ),
        ),
    ]

"""Archive folders, copies and their verification, outages, and the grant of a Google account."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.clip import FinalClip
from clips.models.original import OriginalFile
from clips.models.shoot import Shoot

#: How long after a block is noticed somebody looks whether it is mended; the daily limit is not asked about before.
LOOK_AGAIN_AFTER = timedelta(minutes=1)
#: Google counts 750 GB within 24 hours. When the first of them were sent it does not say: it may end any time before.
DAILY_LIMIT_LASTS = timedelta(hours=24)


class ArchiveFolder(models.Model):
    """A folder that we made. Drive allows two of one name, so the row and the id in it make it unique."""

    backend = models.CharField(_("archive"), max_length=20)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="folders")
    name = models.CharField(_("name"), max_length=150)
    #: Written down before the folder is made: whoever makes it, it is made with this id.
    remote_id = models.CharField(_("remote ID"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("archive folder")
        verbose_name_plural = _("archive folders")
        constraints = [
            models.UniqueConstraint(
                fields=["backend", "parent", "name"], name="archive_folder_unique", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        return f"{self.parent.path}/{self.name}" if self.parent else self.name

    def is_unused(self) -> bool:
        """Return whether no copy is in it or on its way there, and it has no folder that is made."""
        coming = ArchiveCopy.objects.filter(Q(folder=self) | Q(next_folder=self))
        settled = coming.exclude(state__in=[CopyState.WITHDRAWN, CopyState.REMOVED])
        return not settled.exists() and not self.folders.exclude(remote_id="").exists()

    def take_id(self, remote_id: str, *, instead_of: str = "") -> None:
        """Save the id for the folder, unless another worker was faster; then return that one's."""
        ArchiveFolder.objects.filter(pk=self.pk, remote_id=instead_of).update(remote_id=remote_id)
        self.refresh_from_db(fields=["remote_id"])


class CopyState(models.TextChoices):
    SENDING = "SENDING", _("sending")
    VERIFIED = "VERIFIED", _("verified")
    WITHDRAWN = "WITHDRAWN", _("removed")
    REMOVED = "REMOVED", _("deleted there")
    CHANGED = "CHANGED", _("changed there")


#: Ends the name of a file that lies beside one that a person changed.
BESIDE = " (TrickyClip)"


class ArchiveCopy(models.Model):
    clip = models.ForeignKey(FinalClip, on_delete=models.PROTECT, null=True, blank=True, related_name="copies")
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.PROTECT, null=True, blank=True, related_name="copies"
    )
    backend = models.CharField(_("archive"), max_length=20)
    folder = models.ForeignKey(
        ArchiveFolder, on_delete=models.PROTECT, null=True, blank=True, related_name="copies",
        verbose_name=_("folder"), help_text=_("Where it was put; it may have been moved since."),
    )  # fmt: skip
    path = models.CharField(_("path"), max_length=500)
    #: Where it is being moved, written down before it is; empty when it has arrived.
    next_folder = models.ForeignKey(
        ArchiveFolder, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    next_name = models.CharField(max_length=255, blank=True, editable=False)
    remote_id = models.CharField(_("remote ID"), max_length=500, blank=True)
    sha256 = models.CharField(
        _("SHA-256"), max_length=64, help_text=_("Of the file that is sent; recorded before sending.")
    )
    state = models.CharField(_("state"), max_length=10, choices=CopyState, default=CopyState.SENDING)
    #: With this anybody can write the file: shown nowhere, logged nowhere, gone when the file is there.
    session = models.TextField(editable=False, blank=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    #: When it was noticed that somebody deleted it; empty once somebody said that this is right.
    gone_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Whether a person's own version of the file lies there, so that this one has another name.
    is_beside = models.BooleanField(default=False, editable=False)
    #: Found by a rebuild in another place than its row's names say: nobody moves it until somebody has seen the list.
    stays_put = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("archive copy")
        verbose_name_plural = _("archive copies")
        constraints = [
            models.CheckConstraint(
                condition=Q(clip__isnull=False, original_file=None) | Q(clip=None, original_file__isnull=False),
                name="copy_of_one_thing",
            ),
            models.UniqueConstraint(fields=["clip", "backend"], name="copy_one_per_clip"),
            models.UniqueConstraint(fields=["original_file", "backend"], name="copy_one_per_original"),
            models.UniqueConstraint(fields=["backend", "path"], name="copy_path_unique"),
            models.CheckConstraint(condition=Q(state__in=CopyState.values), name="copy_state_known"),
            models.CheckConstraint(
                condition=Q(state=CopyState.VERIFIED, verified_at__isnull=False)
                | Q(state__in=["SENDING", "WITHDRAWN", "REMOVED", "CHANGED"], verified_at=None),
                name="copy_verified_has_time",
            ),
        ]
        indexes = [models.Index(fields=["remote_id"], name="copy_by_remote_id")]

    def __str__(self) -> str:
        return self.path

    @property
    def filename(self) -> str:
        """The name that we gave it there; somebody may have renamed it since."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def url(self) -> str:
        """Address for a browser; empty if it is on no web site, or not there."""
        if not self.backend.startswith("drive") or self.state not in {CopyState.VERIFIED, CopyState.CHANGED}:
            return ""
        return f"https://drive.google.com/file/d/{self.remote_id}/view"

    def named(self, filename: str) -> str:
        """Return the name that a file gets there."""
        stem, dot, ending = filename.rpartition(".")
        return f"{stem}{BESIDE}{dot}{ending}" if self.is_beside else filename

    def note(self, **fields: object) -> None:
        """Save fields at once, so that whoever continues after a crash finds them."""
        ArchiveCopy.objects.filter(pk=self.pk).update(**fields)
        for name, value in fields.items():
            setattr(self, name, value)


class BlockReason(models.TextChoices):
    """The reasons of ``clips.archive.backend``, which knows no Django, with their words."""

    UNREACHABLE = "UNREACHABLE", _("unreachable")
    DAILY_LIMIT = "DAILY_LIMIT", _("daily limit reached")
    QUOTA = "QUOTA", _("full")
    PERMISSION = "PERMISSION", _("not allowed")
    FOLDER = "FOLDER", _("folder missing")
    CREDENTIALS = "CREDENTIALS", _("access expired")
    SETTINGS = "SETTINGS", _("not set up")
    GONE = "GONE", _("many files deleted there")
    TOP_GONE = "TOP_GONE", _("top folder deleted there")
    MOVED = "MOVED", _("set to another place")


#: Ended by a person's answer only.
ASKED = (BlockReason.GONE, BlockReason.TOP_GONE, BlockReason.MOVED)


class ArchiveBlockQuerySet(models.QuerySet["ArchiveBlock"]):
    def current(self, backend: str) -> "ArchiveBlock | None":
        return self.filter(backend=backend).first()

    @transaction.atomic
    def note(self, backend: str, *, reason: str, sentence: str, retry_after_s: float | None) -> "ArchiveBlock":
        """Record an outage; one that exists keeps its start."""
        wait = timedelta(seconds=retry_after_s) if retry_after_s else LOOK_AGAIN_AFTER
        fields = {"reason": reason, "sentence": sentence[:500], "look_again_at": timezone.now() + wait}
        fields["trial_job_id"] = None
        return self.update_or_create(backend=backend, defaults=fields)[0]


class ArchiveBlock(models.Model):
    """An outage of an archive. While there is a row, its jobs wait instead of failing one by one."""

    backend = models.CharField(_("archive"), max_length=20, unique=True)
    reason = models.CharField(_("reason"), max_length=20, choices=BlockReason)
    sentence = models.CharField(_("what to do"), max_length=500)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    look_again_at = models.DateTimeField(_("next check"))
    #: The one job that may go on meanwhile, to find out whether the archive takes something again.
    trial_job_id = models.UUIDField(null=True, editable=False)

    objects = ArchiveBlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("archive problem")
        verbose_name_plural = _("archive problems")
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=BlockReason.values), name="archive_block_reason_known")
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def until(self) -> datetime | None:
        """Return when it ends by itself at the latest; None if somebody has to act."""
        return self.since + DAILY_LIMIT_LASTS if self.reason == BlockReason.DAILY_LIMIT else None

    @property
    def asks(self) -> bool:
        """Return whether it waits for somebody's answer."""
        return self.reason in ASKED

    def try_with(self, job_id: UUID, *, again_at: datetime) -> bool:
        """Let one job try during the outage; False if the outage is over."""
        return bool(ArchiveBlock.objects.filter(pk=self.pk).update(trial_job_id=job_id, look_again_at=again_at))


class LocalMemory:
    """Remembers by which marker the local archive is known (``clips.archive.local_root``)."""

    def archive_id(self) -> UUID | None:
        return ArchiveMarker.objects.filter(backend="local").values_list("archive_id", flat=True).first()

    def remember(self, archive_id: UUID) -> None:
        ArchiveMarker.objects.get_or_create(backend="local", defaults={"archive_id": archive_id})

    def has_copies(self) -> bool:
        return ArchiveCopy.objects.filter(backend="local", state=CopyState.VERIFIED).exists()


class ArchiveMarkerQuerySet(models.QuerySet["ArchiveMarker"]):
    def local(self) -> LocalMemory:
        return LocalMemory()

    def adopt(self, backend: str, archive_id: UUID) -> None:
        """Know the archive by another marker from now on."""
        self.update_or_create(backend=backend, defaults={"archive_id": archive_id})


class ArchiveMarker(models.Model):
    """The id in the marker of an archive's root, by which another disk in its place is noticed."""

    backend = models.CharField(_("archive"), max_length=20, unique=True)
    archive_id = models.UUIDField(_("marker"), editable=False)

    objects = ArchiveMarkerQuerySet.as_manager()

    class Meta:
        verbose_name = _("archive marker")
        verbose_name_plural = _("archive markers")

    def __str__(self) -> str:
        return f"{self.backend}: {self.archive_id}"


class ArchiveTouch(models.Model):
    """A session of which something changed since its file in the archive was written; without one, the whole crew.

    Triggers in the database add rows (migration 0059), so no change goes by; whoever writes the file deletes those it
    has seen. No row is ever changed, so that nobody who sorts waits for anybody.
    """

    shoot_id = models.UUIDField(null=True, editable=False)

    class Meta:
        verbose_name = _("change to archive")
        verbose_name_plural = _("changes to archive")
        indexes = [models.Index(fields=["shoot_id"], name="archive_touch_of_shoot")]

    def __str__(self) -> str:
        return str(self.shoot_id)


class SessionFile(models.Model):
    """The ``trickyclip.json`` of a session in an archive; without a session that of the whole crew."""

    backend = models.CharField(_("archive"), max_length=20)
    shoot = models.ForeignKey(
        Shoot, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("session")
    )
    folder = models.ForeignKey(ArchiveFolder, on_delete=models.PROTECT, null=True, related_name="+")
    path = models.CharField(_("path"), max_length=500, blank=True)
    remote_id = models.CharField(_("remote ID"), max_length=500, blank=True)
    #: Of what it says, without when it was written.
    digest = models.CharField(max_length=64, blank=True, editable=False)
    #: Of its bytes as they arrived, by which a person's change is noticed; empty for those of an earlier version.
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, editable=False)
    #: By whose key, as session_text.name_of writes it; another key than the site's has it written anew.
    signed_by = models.CharField(_("signed by"), max_length=40, blank=True, editable=False)
    revision = models.PositiveIntegerField(_("revision"), default=0)
    written_at = models.DateTimeField(_("written"), null=True, blank=True)

    class Meta:
        verbose_name = _("session file")
        verbose_name_plural = _("session files")
        constraints = [
            models.UniqueConstraint(fields=["backend", "shoot"], name="session_file_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.path

    def note(self, **fields: object) -> None:
        """Save fields at once, so that whoever continues after a crash finds them."""
        SessionFile.objects.filter(pk=self.pk).update(**fields)
        for name, value in fields.items():
            setattr(self, name, value)


class ArchiveCursor(models.Model):
    """The position up to which one log of an archive's changes was read."""

    backend = models.CharField(_("archive"), max_length=20)
    #: The shared drive whose log it is; empty for the account's own. A token of one means nothing in another.
    log = models.CharField(_("log"), max_length=100, blank=True)
    token = models.CharField(_("token"), max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["backend", "log"], name="archive_cursor_unique")]
        verbose_name = _("archive cursor")
        verbose_name_plural = _("archive cursors")

    def __str__(self) -> str:
        return f"{self.backend}: {self.token}"


class ArchiveRoot(models.Model):
    """The place that an archive's rows are about; the settings may name another one by now."""

    backend = models.CharField(_("archive"), max_length=20, unique=True)
    #: What holds the archive's top folder: a folder by its id, or the top of an account's own drive by its address.
    place = models.CharField(_("place"), max_length=300)
    #: The top folder that was seen there; empty while there is none that anybody knows.
    top_id = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("archive place")
        verbose_name_plural = _("archive places")

    def __str__(self) -> str:
        return f"{self.backend}: {self.place}"


class DriveGrant(models.Model):
    """A person's permission to use their Google Drive; the newest counts. Sealed by clips/archive/drive/oauth.py."""

    account = models.CharField(_("Google account"), max_length=200)
    sealed_token = models.TextField(editable=False)
    scope = models.CharField(_("allows"), max_length=300)
    granted_by = models.ForeignKey(
        "people.Member",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("granted by"),
    )
    granted_at = models.DateTimeField(_("granted"), auto_now_add=True)

    class Meta:
        verbose_name = _("Google Drive grant")
        verbose_name_plural = _("Google Drive grants")
        ordering = ["-granted_at"]

    def __str__(self) -> str:
        return self.account

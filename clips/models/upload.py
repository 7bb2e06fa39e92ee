"""Uploads: how many bytes are safe on disk, and their outcome."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile
from clips.models.public_text import told
from clips.models.run import DetectionRun
from clips.models.segment import CandidateSegment
from clips.models.shoot import Shoot
from people.models import Member
from people.naming.fields import NameField
from people.site_settings.registry import UPLOAD_IDLE_DAYS


class UploadSource(models.TextChoices):
    BROWSER = "BROWSER", _("upload page")
    FOLDER = "FOLDER", _("incoming folder")
    COMMAND = "COMMAND", _("command")
    DRIVE = "DRIVE", _("Drive folder")


#: Where somebody else than a person at a screen sends from, and goes on by themselves after any interruption.
UNATTENDED = (UploadSource.FOLDER, UploadSource.DRIVE)


class UploadState(models.TextChoices):
    WAITING = "WAITING", _("waiting for disk space")
    RECEIVING = "RECEIVING", _("receiving")
    RECEIVED = "RECEIVED", _("checking")
    REGISTERED = "REGISTERED", _("added")
    DUPLICATE = "DUPLICATE", _("already here")
    FAILED = "FAILED", _("failed")
    GONE = "GONE", _("cancelled")


def _count(of_file: QuerySet[CandidateSegment]) -> Subquery:
    return Subquery(of_file.values("original_file").annotate(n=Count("pk")).values("n"))


class UploadQuerySet(models.QuerySet["Upload"]):
    def receiving(self) -> "UploadQuerySet":
        return self.filter(state=UploadState.RECEIVING)

    def waiting(self) -> "UploadQuerySet":
        return self.filter(state=UploadState.WAITING)

    def unfinished(self) -> "UploadQuerySet":
        """Return those whose bytes are not part of an original yet."""
        return self.filter(state__in=[UploadState.RECEIVING, UploadState.RECEIVED])

    def with_part(self) -> "UploadQuerySet":
        """Return those that still need the file in the folder of uploads; a failed one may be retried."""
        return self.exclude(state__in=[UploadState.REGISTERED, UploadState.DUPLICATE, UploadState.GONE])

    def idle(self) -> "UploadQuerySet":
        """Return unfinished ones without a new byte for too long that nothing resumes by itself."""
        late = self.receiving().filter(updated_at__lt=timezone.now() - patience())
        return late.exclude(source__in=UNATTENDED)

    def with_moments(self) -> "UploadQuerySet":
        """Annotate each file with its number of shown moments, ``n_shown``, and those to sort, ``n_to_sort``.

        ``is_searched`` says whether anybody looked for them.
        """
        of_file = CandidateSegment.objects.shown().filter(original_file=OuterRef("original_file")).order_by()
        counted = {"n_shown": of_file, "n_to_sort": of_file.undecided()}
        runs = DetectionRun.objects.filter(original_file=OuterRef("original_file"))
        counts = {name: Coalesce(_count(rows), 0) for name, rows in counted.items()}
        return self.annotate(is_searched=Exists(runs), **counts)

    def owed(self, source: UploadSource) -> "UploadQuerySet":
        """Return those whose file is still where it was found and must be moved away, now or later."""
        return self.filter(source=source, put_away_at=None)

    def start(
        self,
        *,
        owner: Member,
        filename: str,
        size_bytes: int,
        shoot_name: str,
        shoot_date: dt.date,
        metadata: str = "",
        anyway: bool = False,
    ) -> "Upload":
        return self.create(
            owner=owner,
            is_wanted_anyway=anyway,
            original_filename=filename,
            size_bytes=size_bytes,
            shoot=Shoot.objects.called(shoot_name, shoot_date),
            metadata=metadata,
        )


def patience() -> dt.timedelta:
    """Return how long an unfinished upload is kept without a further byte."""
    return dt.timedelta(days=UPLOAD_IDLE_DAYS.value())


def this_node() -> str:
    return str(settings.NODE)


class Upload(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="uploads",
        verbose_name=_("owner"),
    )
    shoot = models.ForeignKey(
        Shoot, on_delete=models.PROTECT, null=True, blank=True, related_name="uploads", verbose_name=_("session"),
        help_text=_("Empty until the recording date is known."),
    )  # fmt: skip
    source = models.CharField(_("source"), max_length=10, choices=UploadSource, default=UploadSource.BROWSER)
    #: What is known of its session before it is read.
    session_name = NameField(_("requested session"), max_length=100, blank=True)
    session_date = models.DateField(_("requested date"), null=True, blank=True)
    #: Where it was found: its path, and what tells it from another file that lies there later.
    came_from = models.CharField(_("found at"), max_length=1000, blank=True)
    remote_id = models.CharField(_("remote ID"), max_length=300, blank=True, editable=False)
    mark = models.CharField(max_length=100, blank=True, editable=False)
    modified_at = models.DateTimeField(_("last modified"), null=True, blank=True)
    put_away_at = models.DateTimeField(_("moved away"), null=True, blank=True, editable=False)
    original_filename = NameField(_("file name"), max_length=300)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    offset_bytes = models.PositiveBigIntegerField(_("received"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=UploadState, default=UploadState.RECEIVING)
    original_file = models.ForeignKey(
        "clips.OriginalFile", on_delete=models.SET_NULL, null=True, blank=True, related_name="uploads",
        verbose_name=_("video"),
    )  # fmt: skip
    node = models.CharField(
        _("machine"), max_length=64, default=this_node, editable=False, help_text=_("The machine that holds the data.")
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    dismissed_at = models.DateTimeField(_("dismissed"), null=True, blank=True, editable=False)
    is_wanted_anyway = models.BooleanField(
        _("wanted anyway"), default=False, help_text=_("Brings in what somebody deleted before.")
    )
    metadata = models.TextField(
        _("client metadata"), blank=True, help_text=_("The Upload-Metadata header as received.")
    )
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last data"), auto_now_add=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["updated_at"], condition=Q(state="RECEIVING"), name="upload_receiving"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="upload_has_size"),
            models.CheckConstraint(condition=Q(offset_bytes__lte=F("size_bytes")), name="upload_offset_within_size"),
            models.CheckConstraint(condition=Q(state__in=UploadState.values), name="upload_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=[UploadState.WAITING, UploadState.RECEIVING, UploadState.GONE])
                | Q(offset_bytes=F("size_bytes")),
                name="upload_done_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[UploadState.REGISTERED]) | Q(reason=""),
                name="upload_good_has_no_reason",
            ),
            models.CheckConstraint(condition=Q(source__in=UploadSource.values), name="upload_source_known"),
            # Two that look into one folder at the same moment take each file once.
            models.UniqueConstraint(
                fields=["came_from"], condition=Q(source="FOLDER", put_away_at=None), name="upload_one_per_found_file"
            ),
            models.UniqueConstraint(
                fields=["remote_id", "mark"], condition=Q(source="DRIVE"), name="upload_one_per_drive_file"
            ),
        ]

    def __str__(self) -> str:
        return str(self.original_filename)

    @property
    def is_whole(self) -> bool:
        return self.offset_bytes == self.size_bytes

    @property
    def expires_at(self) -> dt.datetime:
        """Return when an unfinished upload expires if no further byte comes."""
        return self.updated_at + patience()

    @property
    def is_gone(self) -> bool:
        """Return whether its bytes were deleted, or will be at the next look."""
        is_late = self.state == UploadState.RECEIVING and self.expires_at < timezone.now()
        return is_late or self.state == UploadState.GONE

    @property
    def is_settled(self) -> bool:
        return self.state not in {UploadState.WAITING, UploadState.RECEIVING, UploadState.RECEIVED}

    def begin(self) -> bool:
        """Accept the first byte of a waiting upload; False if it is not waiting any more."""
        begun = Upload.objects.waiting().filter(pk=self.pk)
        return self._became(UploadState.RECEIVING, begun.update(state=UploadState.RECEIVING, reason=""))

    def wait(self, reason: str) -> bool:
        """Make an upload without counted bytes wait, with a reason; False if it is complete or given up."""
        open_ = Upload.objects.filter(pk=self.pk, state__in=[UploadState.WAITING, UploadState.RECEIVING])
        fields = {"state": UploadState.WAITING, "offset_bytes": 0, "reason": told(reason)[:500]}
        return self._became(UploadState.WAITING, open_.update(**fields, updated_at=timezone.now()), offset_bytes=0)

    def come_again(self) -> bool:
        """Allow importing one that was given up after all; False if it was not given up."""
        given_up = Upload.objects.filter(pk=self.pk, state=UploadState.GONE)
        fields = {"offset_bytes": 0, "reason": "", "put_away_at": None}
        return self._became(UploadState.WAITING, given_up.update(state=UploadState.WAITING, **fields), **fields)

    def give_up(self, reason: str) -> bool:
        """Close one whose file has changed since it was found; False if it was settled before."""
        open_ = Upload.objects.filter(
            pk=self.pk, state__in=[UploadState.WAITING, UploadState.RECEIVING, UploadState.RECEIVED]
        )
        return self._became(UploadState.GONE, open_.update(state=UploadState.GONE, reason=told(reason)[:500]))

    def note_put_away(self) -> bool:
        """Record that its file is not where it was found any more; False if that was known."""
        return bool(Upload.objects.filter(pk=self.pk, put_away_at=None).update(put_away_at=timezone.now()))

    def dismiss(self) -> bool:
        """Take it out of the list of recent uploads; False if that was done before."""
        return bool(Upload.objects.filter(pk=self.pk, dismissed_at=None).update(dismissed_at=timezone.now()))

    def _became(self, state: UploadState, n_rows: int, **fields: object) -> bool:
        if n_rows:
            for name, value in {"state": state, **fields}.items():
                setattr(self, name, value)
        return bool(n_rows)

    def advance(self, *, from_bytes: int, to_bytes: int) -> bool:
        """Move the offset after bytes are on disk; False if another writer moved it meanwhile."""
        now = timezone.now()
        held = Upload.objects.receiving().filter(pk=self.pk, offset_bytes=from_bytes)
        moved = bool(held.update(offset_bytes=to_bytes, updated_at=now))
        if moved:
            self.offset_bytes, self.updated_at = to_bytes, now
        return moved

    def close_idle(self, reason: str) -> bool:
        """Give up an idle upload; False if a byte came after all."""
        idle = Upload.objects.idle().filter(pk=self.pk)
        return bool(idle.update(state=UploadState.GONE, reason=told(reason)[:500]))

    def close_lost(self, reason: str) -> bool:
        """Give up an unfinished upload whose acknowledged bytes are lost; False if it is finished."""
        return bool(
            Upload.objects.receiving().filter(pk=self.pk).update(state=UploadState.GONE, reason=told(reason)[:500])
        )

    def mark_received(self) -> bool:
        """Close the upload for further bytes; False if it was closed before or is incomplete."""
        whole = Upload.objects.receiving().filter(pk=self.pk, offset_bytes=F("size_bytes"))
        return self._became(
            UploadState.RECEIVED, whole.update(state=UploadState.RECEIVED, reason="", updated_at=timezone.now())
        )

    def settle(self, state: UploadState, *, original_file: OriginalFile | None = None, reason: str = "") -> bool:
        """Record the outcome of a received upload; False if it was settled before."""
        open_ = Upload.objects.filter(pk=self.pk, state__in=[UploadState.RECEIVED, UploadState.FAILED])
        fields: dict[str, object] = {"state": state, "original_file": original_file, "reason": told(reason)[:500]}
        if original_file is not None and self.shoot_id is None:
            fields["shoot"] = original_file.shoot
        return bool(open_.update(**fields))

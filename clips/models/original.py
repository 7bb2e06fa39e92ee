"""Original camera files, and the facts about them."""

import datetime as dt
import uuid
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.media.formats.suffixes import MEDIA_TYPES, USUAL
from clips.models import recording
from clips.models.bin import BinEntry
from clips.models.camera import CameraClock, own_name
from clips.models.public_text import told
from clips.models.shoot import Shoot
from people.models import Member

if TYPE_CHECKING:
    from clips.models.kept_part import KeptPart

#: 432 × 240 is as near as a camera's small copy comes to 16:9.
SAME_SHAPE = 0.03


class OriginalFileQuerySet(models.QuerySet["OriginalFile"]):
    def in_use(self) -> "OriginalFileQuerySet":
        """Return videos that are not in the bin."""
        return self.filter(bin_entry=None)

    def on_disk(self) -> "OriginalFileQuerySet":
        """Return those whose bytes are here; of the others, all facts read from them are."""
        return self.filter(evicted_at=None)

    def damaged(self) -> "OriginalFileQuerySet":
        """Return those whose bytes on the disk are not those that came."""
        return self.on_disk().filter(damaged_at__isnull=False)

    def evicted(self) -> "OriginalFileQuerySet":
        return self.filter(evicted_at__isnull=False)

    def trimmed(self) -> "OriginalFileQuerySet":
        """Return those of which only the parts are here that their clips need."""
        return self.filter(trimmed_at__isnull=False)

    def plan_trim(self, trim_at: dt.datetime, member: Member | None, *, by_setting: bool = False) -> int:
        """Have these trimmed at a time; return how many were not to be trimmed before."""
        plan: dict[str, Any] = {"trim_at": trim_at, "trim_by": member, "trim_by_setting": by_setting}
        plan |= {"stays_whole_at": None, "trim_problem": ""}
        return self.model.objects.filter(pk__in=self.on_disk().filter(trim_at=None).hold()).update(**plan)

    @transaction.atomic
    def drop_trims_by_setting(self) -> int:
        """Undo what only the site's setting has trimmed, as that is another now; return how many."""
        held = self.filter(trim_at__isnull=False, trim_by_setting=True).hold()
        return self.model.objects.filter(pk__in=held, trim_by_setting=True).update(trim_at=None, trim_by_setting=False)

    def keep_whole(self) -> int:
        """Undo that, also for the site itself; return how many were to be trimmed."""
        held = self.filter(trim_at__isnull=False).hold()
        whole = {"trim_at": None, "trim_by": None, "stays_whole_at": timezone.now()}
        return self.model.objects.filter(pk__in=held).update(**whole)

    def mark_not_needed(self, member: Member) -> int:
        """Allow deleting these without an archive copy, if all else allows it; return how many changed."""
        return self.filter(not_needed_at=None).update(not_needed_at=timezone.now(), not_needed_by=member)

    def mark_needed(self) -> int:
        """Undo that; deleted files stay deleted. Return how many were marked."""
        return self.filter(not_needed_at__isnull=False).update(not_needed_at=None, not_needed_by=None)

    def hold(self) -> list[uuid.UUID]:
        """Lock these rows until the transaction ends, before their moments, in the order of their ids; return those."""
        rows = self.order_by("pk").select_for_update(no_key=True, of=("self",))
        return list(rows.values_list("pk", flat=True))

    def with_camera_names(self) -> "OriginalFileQuerySet":
        """Annotate each file with ``own_camera_name``: the crew's name for its camera, or None."""
        return self.annotate(own_camera_name=own_name("camera_id", "camera_serial"))

    @transaction.atomic
    def place_in_time(self) -> int:
        """Update changed recording times of these files; return how many changed.

        It follows from what the files say, their sessions' time zones and the crew's corrections of clocks. The other
        files of the same camera and session come along, for a part of a recording begins where the one before it ends.
        """
        Shoot.objects.filter(pk__in=self.values("shoot")).hold()  # or two parts that arrive together miss each other
        alike = self.filter(shoot=OuterRef("shoot"), camera_id=OuterRef("camera_id"))
        files = list(self.model.objects.filter(Exists(alike), probe__has_key="recorded_at").select_related("shoot"))
        clocks = CameraClock.objects.filter(camera_id__in={file.camera_id for file in files})
        found = recording.moments(files, clocks)
        changed = []
        for file in files:
            moment = found[file.pk]
            if (file.recorded_at, file.utc_offset_min) != (moment.recorded_at, moment.utc_offset_min):
                file.recorded_at, file.utc_offset_min = moment.recorded_at, moment.utc_offset_min
                changed.append(file)
        return self.model.objects.bulk_update(changed, ["recorded_at", "utc_offset_min"], batch_size=500)


class OriginalFile(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shoot = models.ForeignKey(Shoot, on_delete=models.PROTECT, related_name="files", verbose_name=_("session"))
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="files",
        verbose_name=_("uploader"),
    )  # fmt: skip
    original_filename = models.CharField(_("file name"), max_length=300)
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    file_hash = models.CharField(_("SHA-256"), max_length=64, unique=True)
    fingerprint = models.CharField(_("quick fingerprint"), max_length=64, blank=True, db_index=True)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    aside_at = models.DateTimeField(
        _("set aside"),
        null=True,
        blank=True,
        help_text=_("Its moments are skipped while sorting; nothing is trashed."),
    )

    bin_entry = models.ForeignKey(
        BinEntry, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="files",
        verbose_name=_("in the bin"), help_text=_("Stays when its bytes are deleted, so that the file is recognised."),
    )  # fmt: skip

    # Where its bytes are: here, unless they were let go to make room (clips/disk/).
    evicted_at = models.DateTimeField(
        _("removed from disk"),
        null=True,
        blank=True,
        help_text=_("When the file was removed from the disk; the archive has a copy."),
    )
    fetched_at = models.DateTimeField(_("restored"), null=True, blank=True)
    not_needed_at = models.DateTimeField(
        _("may be removed"),
        null=True,
        blank=True,
        help_text=_("May be removed without an archive copy once its moments are sorted and its clips archived."),
    )
    not_needed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("released by"),
    )  # fmt: skip

    # When most of its bytes go, or went, though what its clips need stays (clips/disk/trimming.py).
    trim_at = models.DateTimeField(
        _("to be trimmed"), null=True, blank=True,
        help_text=_("When it is trimmed to its kept clips, unless somebody keeps it whole until then."),
    )  # fmt: skip
    trim_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("trimmed by"),
    )  # fmt: skip
    trim_by_setting = models.BooleanField(_("trimmed by the site’s setting"), default=False, db_default=False)
    trimmed_at = models.DateTimeField(
        _("trimmed"), null=True, blank=True,
        help_text=_("When all but its kept clips and some seconds around them was removed."),
    )  # fmt: skip
    stays_whole_at = models.DateTimeField(
        _("stays whole"), null=True, blank=True, help_text=_("Excluded from automatic trimming since.")
    )
    trim_problem = models.CharField(_("why it is not trimmed"), max_length=500, blank=True)

    # What reading its bytes back from the disk showed (clips/integrity/read_back.py).
    read_back_at = models.DateTimeField(
        _("read back"), null=True, blank=True,
        help_text=_("When its bytes on the disk were last read and had its SHA-256."),
    )  # fmt: skip
    damaged_at = models.DateTimeField(
        _("damaged"), null=True, blank=True, help_text=_("When its bytes on the disk were found to have changed.")
    )
    mended_at = models.DateTimeField(
        _("repaired"), null=True, blank=True, help_text=_("When damaged bytes were last replaced by good ones.")
    )
    #: For lists of hashes that know no SHA-256; empty until it was read back.
    md5 = models.CharField(max_length=32, blank=True, editable=False)

    # What the probe reads; empty until then.
    probed_at = models.DateTimeField(_("read"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    camera_id = models.CharField(_("camera"), max_length=40, default="CAM_UNKNOWN")
    fps_label = models.CharField(_("frame rate"), max_length=10, blank=True)
    rate_num = models.PositiveIntegerField(null=True, blank=True)
    rate_den = models.PositiveIntegerField(null=True, blank=True)
    capture_rate_num = models.PositiveIntegerField(null=True, blank=True)
    capture_rate_den = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveBigIntegerField(_("duration"), null=True, blank=True)
    width_px = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height_px = models.PositiveIntegerField(_("height"), null=True, blank=True)
    rotation_deg = models.SmallIntegerField(_("rotation"), default=0)
    codec = models.CharField(_("codec"), max_length=20, blank=True)
    has_audio = models.BooleanField(_("sound"), null=True, blank=True)
    clip_ending = models.CharField(
        _("clip file extension"),
        max_length=3,
        default=USUAL,
        help_text=_("The file type that can hold its video track."),
    )
    recorded_at = models.DateTimeField(
        _("recorded"), null=True, blank=True, help_text=_("The camera's clock, corrected by its offset.")
    )
    utc_offset_min = models.SmallIntegerField(
        _("minutes ahead of UTC"),
        null=True,
        blank=True,
        help_text=_("Where it was recorded; empty if unknown."),
    )
    camera_serial = models.CharField(_("camera's serial number"), max_length=40, blank=True)
    low_res_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="low_res_copies",
        verbose_name=_("belongs to"),
        help_text=_("For a camera's low-resolution copy (LRV) or second lens: the main video."),
    )
    probe = models.JSONField(_("file details"), default=dict, blank=True)

    #: What is left of a trimmed one, where a page shows it.
    kept_spans: "Sequence[KeptPart]" = ()

    objects = OriginalFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        ordering = ["shoot", "recorded_at", "original_filename"]
        constraints = [
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="original_has_size"),
            models.CheckConstraint(condition=Q(file_hash__regex=r"^[0-9a-f]{64}$"), name="original_hash_is_sha256"),
            models.CheckConstraint(condition=Q(duration_ms=None) | Q(duration_ms__gt=0), name="original_has_duration"),
            models.CheckConstraint(
                condition=Q(rate_num=None, rate_den=None) | Q(rate_num__gt=0, rate_den__gt=0),
                name="original_rate_whole",
            ),
            models.CheckConstraint(
                condition=Q(capture_rate_num=None, capture_rate_den=None)
                | Q(capture_rate_num__gt=0, capture_rate_den__gt=0),
                name="original_capture_rate_whole",
            ),
            models.CheckConstraint(condition=~Q(low_res_of=F("id")), name="original_no_copy_of_itself"),
            models.CheckConstraint(
                condition=Q(read_back_at=None) | Q(damaged_at=None), name="original_whole_or_damaged"
            ),
            models.CheckConstraint(
                condition=Q(read_back_at=None) | Q(md5__regex=r"^[0-9a-f]{32}$"), name="original_read_back_has_md5"
            ),
            models.CheckConstraint(condition=Q(clip_ending__in=list(MEDIA_TYPES)), name="original_clip_ending_known"),
            models.CheckConstraint(
                condition=Q(trimmed_at=None) | Q(evicted_at__isnull=False), name="original_trimmed_is_not_whole"
            ),
            models.CheckConstraint(condition=Q(trimmed_at=None) | Q(trim_at=None), name="original_trimmed_once"),
        ]

    def __str__(self) -> str:
        return self.original_filename

    @property
    def rate(self) -> Fraction | None:
        """Frames per second, exact; None before the probe."""
        return Fraction(self.rate_num, self.rate_den) if self.rate_num else None

    @property
    def capture_rate(self) -> Fraction | None:
        """Frames per second while recording; None unless the file says that it differs from playback."""
        return Fraction(self.capture_rate_num, self.capture_rate_den) if self.capture_rate_num else None

    @property
    def recorded_locally(self) -> dt.datetime | None:
        """Recording time by a correct local clock; None if unknown."""
        if self.recorded_at is None:
            return None
        if self.utc_offset_min is None:
            return self.recorded_at.astimezone(recording.zone_of(self.shoot))
        return self.recorded_at.astimezone(dt.timezone(dt.timedelta(minutes=self.utc_offset_min)))

    @property
    def local_day(self) -> dt.date | None:
        """The local calendar day; what was filmed after midnight may belong to the session of the day before."""
        recorded_at = self.recorded_locally
        return recorded_at.date() if recorded_at else recording.named_day(self.original_filename)

    def next_part(self) -> "OriginalFile | None":
        """Return the file that continues the recording, if a camera split it and that file is here."""
        alike = OriginalFile.objects.in_use().filter(
            shoot=self.shoot_id, camera_id=self.camera_id, camera_serial=self.camera_serial
        )
        return recording.next_part(self, alike.only(*recording.PART_FIELDS))

    def low_res_source(self) -> "OriginalFile | None":
        """Return the camera's own small copy of this file, which may have fewer frames; None where there is none.

        One that shows two lenses beside each other is none of the one picture.
        """
        smaller = self.low_res_copies.filter(width_px__lt=self.width_px or 0).order_by("created_at")
        return next((copy for copy in smaller if self.has_shape_of(copy)), None)

    def preview_source(self) -> "OriginalFile | None":
        """Return a small copy with as many frames as this file; whether they agree one by one is seen in reading."""
        copy = self.low_res_source()
        return copy if copy and copy.rate == self.rate else None

    def has_shape_of(self, other: "OriginalFile") -> bool:
        """Return whether two files' pictures have the same ratio of sides, however turned; False for unread ones."""
        if not (self.width_px and self.height_px and other.width_px and other.height_px):
            return False
        both = (self.width_px, self.height_px), (other.width_px, other.height_px)
        one, two = (max(sides) / min(sides) for sides in both)
        return abs(one - two) <= SAME_SHAPE * one

    @transaction.atomic
    def apply_probe(self, facts: dict[str, Any]) -> None:
        """Save the probe's result; ``facts`` as ``clips.media.probe.probe`` returns them."""
        Shoot.objects.filter(pk=self.shoot_id).hold()  # before the file, as whoever places files in time locks them
        OriginalFile.objects.filter(pk=self.pk).update(
            probed_at=timezone.now(),
            problem=facts.get("warning") or "",
            camera_id=facts["camera_id"],
            camera_serial=facts.get("serial") or "",
            fps_label=facts["fps_label"],
            rate_num=facts["rate_num"],
            rate_den=facts["rate_den"],
            capture_rate_num=facts.get("capture_rate_num"),
            capture_rate_den=facts.get("capture_rate_den"),
            duration_ms=facts["duration_ms"],
            width_px=facts["width"],
            height_px=facts["height"],
            rotation_deg=facts["rotation"],
            codec=facts["codec"],
            has_audio=facts["has_audio"],
            clip_ending=facts.get("way", {}).get("ending", USUAL),
            probe=facts,
        )
        OriginalFile.objects.filter(pk=self.pk).place_in_time()
        self.clips.all().refresh_search()  # the serial number may lead to another name of the camera
        self.refresh_from_db()

    def note_whole(self, md5: str) -> bool:
        """Record that its bytes were read from the disk and are those that came; False if it was removed meanwhile."""
        here = OriginalFile.objects.on_disk().filter(pk=self.pk)
        return bool(here.update(read_back_at=timezone.now(), damaged_at=None, md5=md5))

    def note_damaged(self) -> bool:
        """Record that its bytes on the disk are others than those that came; False if that was known."""
        here = OriginalFile.objects.on_disk().filter(pk=self.pk, damaged_at=None)
        return bool(here.update(read_back_at=None, damaged_at=timezone.now()))

    def note_mended(self) -> bool:
        """Record that good bytes take the place of damaged ones; False if it is not damaged any more."""
        damaged = OriginalFile.objects.damaged().filter(pk=self.pk)
        return bool(damaged.update(damaged_at=None, mended_at=timezone.now()))

    def note_problem(self, sentence: str) -> None:
        """Record why the file cannot be used."""
        OriginalFile.objects.filter(pk=self.pk).update(problem=told(sentence)[:500], probed_at=timezone.now())

"""Clips, and the file names given to them: each once, for good."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, Func, Max, OuterRef, Q, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from clips.media.formats.suffixes import MEDIA_TYPES, USUAL, ending_of, with_ending
from clips.models.bin import BinEntry
from clips.models.camera import own_name
from clips.models.heart import Heart
from clips.models.original import OriginalFile
from clips.models.search_text import CONFIG, text_of
from clips.models.segment import CandidateSegment
from people.models import Member, Person
from tricks.models import Trick

#: So many clips' names are in memory at once while search texts are made again.
REFRESH_BATCH = 500
#: In one clip, besides its rider.
MAX_PEOPLE = 12
MAX_STARS = 5


class FileNameQuerySet(models.QuerySet["FileName"]):
    def alike(self, stem: str) -> "FileNameQuerySet":
        # Not "iexact", which compares in capitals: this is how the unique index is sorted.
        return self.filter(Exact(Lower("stem"), Lower(Value(stem))))

    def allocate(self, stem: str, ending: str = USUAL) -> "FileName":
        """Take the next free number for ``stem``, for good: a name is never given twice, not even after a delete.

        Nor with another ending: of one stem there is one v001.
        """
        while True:
            highest = self.alike(stem).aggregate(highest=Max("number"))["highest"] or 0
            try:
                with transaction.atomic():
                    return self.create(stem=stem, number=highest + 1, ending=ending)
            except IntegrityError:
                continue  # somebody took that number between the look and the insert


class FileName(models.Model):
    stem = models.CharField(_("stem"), max_length=230)
    number = models.PositiveIntegerField(_("number"))
    ending = models.CharField(_("ending"), max_length=3, default=USUAL)

    objects = FileNameQuerySet.as_manager()

    class Meta:
        verbose_name = _("file name")
        verbose_name_plural = _("file names")
        constraints = [
            models.UniqueConstraint(Lower("stem"), "number", name="file_name_unique"),
            models.CheckConstraint(condition=Q(number__gt=0), name="file_name_counts_from_one"),
            models.CheckConstraint(condition=Q(ending__in=list(MEDIA_TYPES)), name="file_name_ending_known"),
        ]

    def __str__(self) -> str:
        return f"{self.stem}__v{self.number:03d}.{self.ending}"


class ClipCategory(models.TextChoices):
    TRICK = "TRICK", _("trick")
    BROLL = "BROLL", _("b-roll")
    CRASH = "CRASH", _("crash")


#: What a card shows of a clip and of the rows around it.
CARD_FIELDS = (
    "lineage", "category", "stars", "n_hearts", "start_ms", "end_ms", "camera_id", "fps_label", "date", "filename",
    "stored_path", "tracks",
    "person__display_name", "trick__stance", "trick__direction", "trick__name",
    "original_file__codec", "original_file__shoot__name",
    "candidate_segment__poster_path", "candidate_segment__preview__start_ms", "candidate_segment__preview__end_ms",
    "candidate_segment__preview__slow_down",
)  # fmt: skip


class FinalClipQuerySet(models.QuerySet["FinalClip"]):
    def current(self) -> "FinalClipQuerySet":
        return self.filter(is_current=True)

    def hold(self) -> list[uuid.UUID]:
        """Lock these rows until the transaction ends, before their jobs, in the order of their ids; return those."""
        rows = self.order_by("pk").select_for_update(no_key=True, of=("self",))
        return list(rows.values_list("pk", flat=True))

    def with_tags(self) -> "FinalClipQuerySet":
        """Fetch the people and trick of each clip, in two queries."""
        return self.select_related("person", "trick").prefetch_related("also")

    def with_names(self) -> "FinalClipQuerySet":
        """Fetch what a list of clips shows in a fixed number of queries."""
        rows = self.with_tags().select_related("original_file__shoot").prefetch_related("copies")
        return rows.with_camera_names()

    def with_camera_names(self) -> "FinalClipQuerySet":
        """Annotate each clip with ``own_camera_name``: the crew's name for its camera, or None."""
        found = {"own_camera_name": own_name("camera_id", "original_file__camera_serial")}
        return self.annotate(**found)

    def with_hearts(self, member: Member) -> "FinalClipQuerySet":
        """Annotate each clip with ``has_my_heart``."""
        mine = Heart.objects.filter(lineage=OuterRef("lineage"), member=member)
        found = {"has_my_heart": Exists(mine)}
        return self.annotate(**found)

    def with_pictures(self) -> "FinalClipQuerySet":
        """Fetch what a list shows of clips besides their names: the picture and the preview of their segment."""
        rows = self.select_related("candidate_segment__preview").prefetch_related("shared_copies").with_formats()
        return rows.defer("original_file__probe", "candidate_segment__features", "search_text")

    def for_cards(self, member: Member) -> "FinalClipQuerySet":
        """Fetch what the cards of clips show to a member, and no more: a page has many of them."""
        rows = self.select_related("person", "trick", "original_file__shoot", "candidate_segment__preview")
        rows = rows.prefetch_related("shared_copies").with_camera_names().with_formats().with_hearts(member)
        return rows.only(*CARD_FIELDS)

    def with_formats(self) -> "FinalClipQuerySet":
        """Fetch ``pix_fmt`` and ``audio_codec`` of each clip's original, without the rest of the probe's facts."""
        found = {name: KeyTextTransform(name, "original_file__probe") for name in ("pix_fmt", "audio_codec")}
        return self.annotate(**found)

    def refresh_search(self) -> int:
        """Update outdated search texts of these clips; return how many changed."""
        aliases = ("person__aliases", "trick__aliases", "also__aliases")
        rows = self.select_related("person", "trick", "original_file__shoot").prefetch_related("also", *aliases)
        n_changed, changed = 0, []
        rows = rows.with_camera_names().defer("original_file__probe")
        for clip in rows.iterator(chunk_size=REFRESH_BATCH):
            text = text_of(clip)
            if text != clip.search_text:
                clip.search_text = text
                changed.append(clip)
            if len(changed) == REFRESH_BATCH:
                n_changed, changed = n_changed + self.model.objects.bulk_update(changed, ["search_text"]), []
        return n_changed + self.model.objects.bulk_update(changed, ["search_text"])


class FinalClip(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    candidate_segment = models.ForeignKey(
        CandidateSegment, on_delete=models.PROTECT, null=True, blank=True, related_name="clips",
        verbose_name=_("moment"), help_text=_("Empty if it was imported."),
    )  # fmt: skip
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.PROTECT, related_name="clips", verbose_name=_("video")
    )
    person = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="clips",
        verbose_name=_("person"),
    )
    also = models.ManyToManyField(Person, blank=True, related_name="also_in", verbose_name=_("also in the clip"))
    trick = models.ForeignKey(
        Trick, on_delete=models.PROTECT, null=True, blank=True, related_name="clips", verbose_name=_("trick")
    )
    category = models.CharField(_("category"), max_length=5, choices=ClipCategory, default=ClipCategory.TRICK)
    start_ms = models.PositiveBigIntegerField(_("start"))
    end_ms = models.PositiveBigIntegerField(_("end"))
    camera_id = models.CharField(_("camera"), max_length=40)
    fps_label = models.CharField(_("frame rate"), max_length=10)
    date = models.DateField(_("date"))
    filename = models.CharField(_("file name"), max_length=240, unique=True)
    stored_path = models.CharField(_("stored as"), max_length=100, blank=True, help_text=_("Empty until it is cut."))
    file_hash = models.CharField(_("SHA-256"), max_length=64, blank=True)
    crc32 = models.PositiveBigIntegerField(
        _("CRC-32"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("For ZIP files, which say it before the bytes. Empty for clips that were cut before it was kept."),
    )
    size_bytes = models.PositiveBigIntegerField(_("size"), null=True, blank=True)
    tracks = models.JSONField(
        _("tracks"),
        default=list,
        blank=True,
        help_text=_("For each track of the original: copied, converted or left out."),
    )
    #: By how much its first picture began before ``start_ms``: its file counts from there. Less than nothing where a
    #: video begins after 0:00; None for clips that were cut before it was kept.
    lead_us = models.IntegerField(_("lead"), null=True, blank=True, editable=False)
    drive_file_id = models.CharField(_("Drive file"), max_length=100, blank=True)
    search_text = models.TextField(
        _("search text"),
        blank=True,
        editable=False,
        help_text=_("All words that find the clip, including names and aliases."),
    )
    removed_at = models.DateTimeField(
        _("removed"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Set when the decision that made it was undone, and while it is in the bin."),
    )
    bin_entry = models.ForeignKey(
        BinEntry, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="clips",
        verbose_name=_("in the bin"),
    )  # fmt: skip
    #: Which of its lineage a restore makes current again.
    was_current = models.BooleanField(default=False, editable=False)
    lineage = models.UUIDField(_("lineage"), default=uuid.uuid4, editable=False)
    is_current = models.BooleanField(_("current version"), default=True)
    #: The crew's, so all versions of a clip have the same. In this row, because lists are sorted by it.
    stars = models.PositiveSmallIntegerField(_("stars"), default=0, db_default=0, editable=False)
    #: Of all members, counted by triggers. In this row, because lists are sorted by it.
    n_hearts = models.PositiveIntegerField(_("hearts"), default=0, db_default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="clips",
        verbose_name=_("sorted by"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("kept"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    #: Only where ``with_camera_names`` fetched it.
    own_camera_name: str | None
    #: Only where ``with_hearts`` fetched it.
    has_my_heart: bool

    objects = FinalClipQuerySet.as_manager()

    class Meta:
        verbose_name = _("clip")
        verbose_name_plural = _("clips")
        ordering = ["-date", "-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="clip_has_length"),
            models.CheckConstraint(condition=Q(category__in=ClipCategory.values), name="clip_category_known"),
            models.CheckConstraint(condition=Q(stars__lte=MAX_STARS), name="clip_stars_up_to_five"),
            models.UniqueConstraint(
                fields=["lineage"], condition=Q(is_current=True), name="clip_one_current_per_lineage"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(is_current=False), name="clip_removed_is_not_current"
            ),
            models.CheckConstraint(
                condition=Q(bin_entry=None, was_current=False) | Q(bin_entry__isnull=False, removed_at__isnull=False),
                name="clip_in_bin_is_removed",
            ),
            models.CheckConstraint(
                condition=Q(stored_path="", file_hash="", size_bytes=None)
                | Q(file_hash__regex=r"^[0-9a-f]{64}$", size_bytes__gt=0) & ~Q(stored_path=""),
                name="clip_file_fields_together",
            ),
            # Of one name there is one file, whatever kind it is: no v001.mov beside a v001.mp4.
            models.UniqueConstraint(
                Func(F("filename"), Value(r"\.(mp4|mov|mkv)$"), Value(""), function="regexp_replace"),
                name="clip_name_once_for_all_endings",
            ),
        ]
        indexes = [
            models.Index(fields=["-date", "-created_at"], name="clip_newest"),
            models.Index(fields=["-created_at"], name="clip_last_kept"),
            models.Index(
                fields=["-stars", "-date", "-created_at"], condition=Q(is_current=True), name="clip_best_rated"
            ),
            models.Index(
                fields=["-n_hearts", "-date", "-created_at"], condition=Q(is_current=True), name="clip_most_hearted"
            ),
            # For all versions of a clip; of the current ones there is a unique index.
            models.Index(fields=["lineage"], name="clip_of_lineage"),
            # For the library's menus, which name each camera and rate that there are clips of.
            models.Index(fields=["camera_id", "fps_label"], condition=Q(is_current=True), name="clip_cameras"),
            # For how many clips somebody is in or a trick has: counted without a look at the rows.
            models.Index(fields=["person"], condition=Q(is_current=True), name="clip_current_of_person"),
            models.Index(fields=["trick"], condition=Q(is_current=True), name="clip_current_of_trick"),
            # For when each trick was landed first: read from the index alone.
            models.Index(
                fields=["trick", "date"],
                condition=Q(is_current=True, category=ClipCategory.TRICK),
                name="clip_landed_of_trick",
            ),
            # "simple" leaves words as they are: names and trick names are in no language's dictionary.
            GinIndex(SearchVector("search_text", config=CONFIG), name="clip_search"),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms

    def note_cut(self, cut: dict[str, Any], **file_fields: object) -> None:
        """Save the file that was cut, in the transaction that holds this row; ``cut`` is the cutter's result.

        The name ends as what the file is, which nobody knew before of an original that was read long ago.
        """
        filename = FinalClip.objects.values_list("filename", flat=True).get(pk=self.pk)
        named = with_ending(filename, cut["ending"])
        if named != filename:
            stem, _v, number = filename.removesuffix(f".{ending_of(filename)}").rpartition("__v")
            if number.isdigit():
                FileName.objects.alike(stem).filter(number=int(number)).update(ending=cut["ending"])
        found = {"filename": named, "tracks": cut["tracks"], "lead_us": cut["lead_us"]}
        FinalClip.objects.filter(pk=self.pk).update(**found, **file_fields)

"""Receipts: the files of an upload batch, a folder or a card, and whether each of them is safe here.

What a receipt says follows from the rows of its files each time it is asked, so nothing that dies in between makes it
say too much. A row's ``original_file`` is written in the transaction that registers the file's bytes.
"""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.archive import ArchiveCopy, CopyState
from clips.models.job import Job, JobKind
from clips.models.original import OriginalFile
from clips.models.upload import Upload, UploadSource, UploadState
from people.naming.fields import NameField
from people.site_settings.registry import RECEIPT_WANTS_ARCHIVE

#: A folder that gets more files within this time has one receipt for all of them.
SAME_FOLDER = dt.timedelta(days=1)
#: What a receipt is not asked about any more by itself: its page still says what is true.
FOLLOWED_FOR = dt.timedelta(days=30)


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def followed(self) -> "ReceiptQuerySet":
        """Return complete ones that were not safe yet when they were last looked at."""
        return self.filter(closed_at__gte=timezone.now() - FOLLOWED_FOR, safe_at=None)

    def with_counts(self) -> "ReceiptQuerySet":
        """Annotate each with its number of files, ``n_files``, and of those that are safe by their rows, ``n_safe``.

        ``n_trimmed`` counts those that arrived whole, and of which the crew let the rest go later. ``is_under_way``
        says whether something that may make another one safe runs or waits.
        """
        files = ReceiptFile.objects.filter(receipt=OuterRef("pk")).order_by()
        return self.annotate(
            n_files=_counted(files), n_safe=_counted(files.safe()), n_trimmed=_counted(files.trimmed()),
            is_under_way=Exists(files.under_way()),
        )  # fmt: skip

    def open_for_folder(self, place: str, name: str) -> "Receipt":
        """Return the receipt that collects the files of a folder; one that was complete is open again."""
        recent = timezone.now() - SAME_FOLDER
        while True:
            of_place = self.filter(source=UploadSource.FOLDER, place=place)
            receipt = of_place.filter(Q(closed_at=None) | Q(last_file_at__gt=recent)).order_by("-created_at").first()
            try:
                with transaction.atomic():
                    receipt = receipt or self.create(source=UploadSource.FOLDER, place=place, name=name)
                    self.filter(pk=receipt.pk).update(
                        closed_at=None, safe_at=None, written_as="", last_file_at=timezone.now()
                    )
                    return receipt
            except IntegrityError:
                continue  # somebody else made or opened one between the two looks


class Receipt(models.Model):
    #: A browser's own, so that a batch that is told twice is one.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="receipts",
        verbose_name=_("owner"),
    )  # fmt: skip
    source = models.CharField(_("source"), max_length=10, choices=UploadSource)
    name = NameField(_("name"), max_length=200)
    place = models.CharField(_("found at"), max_length=1000, blank=True)
    n_left_alone = models.PositiveIntegerField(
        _("not videos"), default=0, help_text=_("Files beside them that were not imported.")
    )
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    last_file_at = models.DateTimeField(_("last file"), auto_now_add=True)
    closed_at = models.DateTimeField(
        _("complete"), null=True, blank=True, help_text=_("Since when no more files are expected.")
    )
    safe_at = models.DateTimeField(
        _("safe to format"), null=True, blank=True, help_text=_("When all files were first found safe.")
    )
    #: What was last written beside the files of a folder: nothing, "missing" or "safe".
    written_as = models.CharField(max_length=7, blank=True, editable=False)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(source__in=UploadSource.values), name="receipt_source_known"),
            models.CheckConstraint(
                condition=Q(safe_at=None) | Q(closed_at__isnull=False), name="receipt_safe_is_complete"
            ),
            models.UniqueConstraint(
                fields=["place"], condition=Q(source="FOLDER", closed_at=None), name="receipt_one_open_per_folder"
            ),
        ]
        indexes = [
            models.Index(fields=["closed_at"], condition=Q(safe_at=None), name="receipt_followed"),
            models.Index(fields=["-created_at"], name="receipt_newest"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def close(self) -> bool:
        """Note that its list is complete; False if it was."""
        return bool(Receipt.objects.filter(pk=self.pk, closed_at=None).update(closed_at=timezone.now()))

    def note_safe(self) -> bool:
        """Note that all its files are safe; False if that was known, or its list is not complete."""
        complete = Receipt.objects.filter(pk=self.pk, closed_at__isnull=False, safe_at=None)
        return bool(complete.update(safe_at=timezone.now()))


class ReceiptFileQuerySet(models.QuerySet["ReceiptFile"]):
    def safe(self) -> "ReceiptFileQuerySet":
        """Return the files that may be deleted where they came from, by their rows.

        Registered with as many bytes as were announced, and not thrown away; those bytes read back from the disk, or
        made room for because an archive has them; and archived, if the site wants that.
        """
        is_archived = Exists(archived_copies())
        is_here = Q(original_file__evicted_at=None, original_file__read_back_at__isnull=False)
        safe = self.filter(original_file__size_bytes=F("size_bytes"), original_file__bin_entry=None)
        safe = safe.filter(is_here | Q(is_archived, original_file__evicted_at__isnull=False))
        return safe.filter(is_archived) if RECEIPT_WANTS_ARCHIVE.value() else safe

    def trimmed(self) -> "ReceiptFileQuerySet":
        """Return the files that arrived whole, of which only what their clips need is left, here and in archives."""
        trimmed = self.filter(original_file__trimmed_at__isnull=False, original_file__bin_entry=None)
        return trimmed.filter(~Exists(archived_copies()), original_file__size_bytes=F("size_bytes"))

    def under_way(self) -> "ReceiptFileQuerySet":
        """Return files that are on their way in, or about which a job runs or waits."""
        jobs = Job.objects.active().filter(
            original_file=OuterRef("original_file"), kind__in=[JobKind.READ_BACK, JobKind.ARCHIVE]
        )
        coming = Q(upload__state__in=[UploadState.WAITING, UploadState.RECEIVING, UploadState.RECEIVED])
        return self.filter(coming | Q(Exists(jobs)))

    def being_read_back(self) -> "ReceiptFileQuerySet":
        """Return files whose bytes a job is going to read back."""
        jobs = Job.objects.active().filter(original_file=OuterRef("original_file"), kind=JobKind.READ_BACK)
        return self.filter(Exists(jobs))

    def of_upload(self, upload: Upload) -> "ReceiptFileQuerySet":
        return self.filter(upload=upload)

    def become(self, original: OriginalFile) -> int:
        """Record which original these files are; return how many."""
        return self.update(original_file=original)


class ReceiptFile(models.Model):
    """One file of a receipt, from the moment it was found until somebody asks what became of it."""

    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="files", verbose_name=_("receipt"))
    path = models.CharField(_("path"), max_length=1000, help_text=_("Within the folder or on the card."))
    size_bytes = models.PositiveBigIntegerField(_("size"))
    modified_at = models.DateTimeField(_("last modified"), null=True, blank=True)
    upload = models.ForeignKey(
        Upload, on_delete=models.SET_NULL, null=True, blank=True, related_name="receipt_files",
        verbose_name=_("upload"),
    )  # fmt: skip
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.SET_NULL, null=True, blank=True, related_name="receipt_files",
        verbose_name=_("video"),
    )  # fmt: skip
    #: Why it was never brought in.
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    #: Where it lies in the incoming folder since it was imported; written down before it is moved.
    put_at = models.CharField(max_length=1000, blank=True, editable=False)

    objects = ReceiptFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a receipt")
        verbose_name_plural = _("files of a receipt")
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "path"], name="receipt_file_once"),
            models.CheckConstraint(
                condition=Q(original_file=None) | Q(problem=""), name="receipt_file_good_has_no_problem"
            ),
        ]

    def __str__(self) -> str:
        return self.path


def archived_copies() -> models.QuerySet[ArchiveCopy]:
    """Return the verified copies of the outer file's original that have its very bytes."""
    verified = ArchiveCopy.objects.filter(original_file=OuterRef("original_file"), state=CopyState.VERIFIED)
    return verified.filter(sha256=OuterRef("original_file__file_hash"))


def originals_of(files: Iterable[ReceiptFile]) -> list[OriginalFile]:
    """Return each original of these files once."""
    return list({file.original_file_id: file.original_file for file in files if file.original_file}.values())


def _counted(files: ReceiptFileQuerySet) -> models.functions.Coalesce:
    counted = files.values("receipt").annotate(n=Count("pk")).values("n")
    return models.functions.Coalesce(models.Subquery(counted), 0)

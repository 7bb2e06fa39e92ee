"""Kinds of disagreement between rows, files and archive that an audit can find."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """In the order in which footage moves through the folders."""

    UPLOAD_LOST = "UPLOAD_LOST", _("uploads whose received data is gone")
    UPLOAD_STUCK = "UPLOAD_STUCK", _("complete uploads without a job to check them")
    ORPHAN_UPLOAD = "ORPHAN_UPLOAD", _("files in uploads/ that belong to no upload")
    ORIGINAL_MISSING = "ORIGINAL_MISSING", _("camera files that are gone from the disk")
    ORIGINAL_CHANGED = "ORIGINAL_CHANGED", _("camera files that changed since the upload")
    ORPHAN_ORIGINAL = "ORPHAN_ORIGINAL", _("files in originals/ without a row")
    PART_MISSING = "PART_MISSING", _("parts of trimmed videos that are gone from the disk")
    PART_CHANGED = "PART_CHANGED", _("parts of trimmed videos that changed since they were written")
    ORPHAN_PART = "ORPHAN_PART", _("files in originals/kept/ without a row")
    PREVIEW_MISSING = "PREVIEW_MISSING", _("previews, pictures and filmstrips without their files")
    ORPHAN_PREVIEW = "ORPHAN_PREVIEW", _("files in candidates/ without a row")
    CLIP_UNCUT = "CLIP_UNCUT", _("clips never cut and without a job to cut them")
    CLIP_MISSING = "CLIP_MISSING", _("cut clips that are gone from the disk")
    CLIP_CHANGED = "CLIP_CHANGED", _("cut clips that changed since the cut")
    ORPHAN_CLIP = "ORPHAN_CLIP", _("files in final_clips/ without a row")
    SHARED_MISSING = "SHARED_MISSING", _("share videos without their files")
    ORPHAN_SHARED = "ORPHAN_SHARED", _("files of share videos without a row")
    FILM_MISSING = "FILM_MISSING", _("films of edits, and clips with handles, without their files")
    MUSIC_MISSING = "MUSIC_MISSING", _("music of edits without its file")
    ORPHAN_FILM = "ORPHAN_FILM", _("files of films, music and clips with handles without a row")
    STORE_SHUT = "STORE_SHUT", _("files that could not be checked")
    LINEAGE = "LINEAGE", _("clips with inconsistent versions")
    KEPT_WITHOUT_CLIP = "KEPT_WITHOUT_CLIP", _("kept moments without a clip")
    NAME = "NAME", _("clips whose names differ from their rows")
    NAME_NOT_TAKEN = "NAME_NOT_TAKEN", _("clips whose names could be given again")
    EDIT = "EDIT", _("edits with clips that never were, or out of order")
    ARCHIVE_SHUT = "ARCHIVE_SHUT", _("the archive could not be checked")
    ARCHIVE_LOSS = "ARCHIVE_LOSS", _("many copies gone at once")
    COPY_ABSENT = "COPY_ABSENT", _("clips not archived and without a job to archive them")
    COPY_MISSING = "COPY_MISSING", _("archived clips missing from the archive")
    COPY_TRASHED = "COPY_TRASHED", _("archived clips in the archive's trash")
    COPY_CHANGED = "COPY_CHANGED", _("archived clips that changed in the archive")
    COPY_ASTRAY = "COPY_ASTRAY", _("archived clips in another place than their rows say")
    COPY_MOVED = "COPY_MOVED", _("archived clips that somebody moved or renamed")
    COPY_UNKNOWN = "COPY_UNKNOWN", _("clips in the archive without a row")
    COPY_LEFT = "COPY_LEFT", _("removed clips that are still in the archive")
    SESSION_FILE = "SESSION_FILE", _("session files that somebody deleted or changed in the archive")
    DRIVE_ID = "DRIVE_ID", _("clips whose Drive file is not that of their copy")
    SCRATCH = "SCRATCH", _("unfinished work in scratch/")
    JOB_STUCK = "JOB_STUCK", _("jobs that no worker takes or finishes")

    @property
    def is_wrong(self) -> bool:
        """Return whether it should be fixed; otherwise a person did it on purpose."""
        return self not in {Kind.COPY_MOVED}

    @property
    def advice(self) -> Promise:
        """Advice on what to do about it, in one sentence."""
        return _ADVICE[self]


_MADE_AGAIN = _("“manage.py audit --repair” makes them again.")
_NEVER_DELETED = _(
    "They are never deleted automatically. Check what they are, and move them away if nobody wants them."
)
_PART = _(
    "“manage.py audit --repair” fetches all of those that the archive has. For the others, choose Restore at the video "
    "and upload the file again."
)
_ADVICE = {
    Kind.UPLOAD_LOST: _("Upload these files again. The old uploads expire by themselves."),
    Kind.UPLOAD_STUCK: _("“manage.py audit --repair” starts the check."),
    Kind.ORPHAN_UPLOAD: _("They are deleted automatically after a day."),
    Kind.ORIGINAL_MISSING: _(
        "Copy them from a backup or from the card to the path named here. For those in the archive, run "
        "“manage.py audit --repair” to fetch them from there."
    ),
    Kind.ORIGINAL_CHANGED: _(
        "“manage.py audit --repair” mends those that the archive has. Upload the others again, from the card or a "
        "backup. The disk may be failing."
    ),
    Kind.ORPHAN_ORIGINAL: _NEVER_DELETED,
    Kind.PART_MISSING: _PART,
    Kind.PART_CHANGED: _PART,
    Kind.ORPHAN_PART: _("“manage.py audit --repair” removes them."),
    Kind.PREVIEW_MISSING: _MADE_AGAIN,
    Kind.ORPHAN_PREVIEW: _("“manage.py audit --repair” removes them."),
    Kind.CLIP_UNCUT: _("“manage.py audit --repair” cuts them."),
    Kind.CLIP_MISSING: _("“manage.py audit --repair” fetches them from the archive, or cuts them again."),
    Kind.CLIP_CHANGED: _("“manage.py audit --repair” cuts them again. The disk may be failing."),
    Kind.ORPHAN_CLIP: _NEVER_DELETED,
    Kind.SHARED_MISSING: _MADE_AGAIN,
    Kind.ORPHAN_SHARED: _("“manage.py audit --repair” removes them."),
    Kind.FILM_MISSING: _("“manage.py audit --repair” renders them again."),
    Kind.MUSIC_MISSING: _("Remove it on the edit’s page, and add it again there."),
    Kind.ORPHAN_FILM: _("“manage.py audit --repair” removes them."),
    Kind.STORE_SHUT: _("Fix the cause named here, and run the audit again."),
    Kind.LINEAGE: _("Open the clip's page and save it again. If there is none, tell the admin of the site."),
    Kind.KEPT_WITHOUT_CLIP: _("Add the moment again by hand on its session's page."),
    Kind.NAME: _("File names are permanent. Save the clip again for a version with another name."),
    Kind.NAME_NOT_TAKEN: _("“manage.py audit --repair” records the names as taken."),
    Kind.EDIT: _("Open the edit: remove what is missing there, and move a clip once to count anew."),
    Kind.ARCHIVE_SHUT: _("Run “manage.py archive_check” for details."),
    Kind.ARCHIVE_LOSS: _(
        "Check the disk or the account first: nothing is changed until you do. If they are meant to be gone, run "
        "“manage.py audit --repair --accept-loss”."
    ),
    Kind.COPY_ABSENT: _("“manage.py audit --repair” archives them."),
    Kind.COPY_MISSING: _(
        "“manage.py audit --repair” checks them again and shows them as removed. “manage.py rearchive” sends them "
        "again."
    ),
    Kind.COPY_TRASHED: _("Restore them from the trash, or run “manage.py audit --repair” to show them as removed."),
    Kind.COPY_CHANGED: _("“manage.py audit --repair” checks them again, and sends them again if they differ."),
    Kind.COPY_ASTRAY: _("“manage.py audit --repair” moves them back to the place in their rows."),
    Kind.COPY_MOVED: _("Nothing to do: they stay where people put them."),
    Kind.COPY_UNKNOWN: _(
        "“manage.py audit --repair” relinks known clips to their rows, and moves duplicates to the archive's trash. "
        "“manage.py rebuild_from_archive” makes rows for the others."
    ),
    Kind.COPY_LEFT: _("“manage.py audit --repair” moves them to the archive's trash."),
    Kind.SESSION_FILE: _(
        "“manage.py audit --repair” has them written again; what somebody changed is kept beside them."
    ),
    Kind.DRIVE_ID: _("“manage.py audit --repair” copies the value from the copy."),
    Kind.SCRATCH: _("“manage.py audit --repair” removes it."),
    Kind.JOB_STUCK: _("Check that workers are running. “manage.py audit --repair” sends them to the broker again."),
}


@dataclass(frozen=True)
class Disagreement:
    kind: Kind
    #: What it is about, as people know it: a file's name, a path.
    subject: str
    says: str
    #: The row's id, or a path where there is no row.
    key: str
    #: Puts it right without guessing, and says in a few words what was done; "" when there was nothing to do any more.
    mend: Callable[[], str] | None = None
    #: Whether it is put right only when somebody says that it is meant: a disk may be missing, and not its files.
    asks_first: bool = False

    def __str__(self) -> str:
        return f"{self.subject}: {self.says}"

"""Kinds of disagreement between rows, files and archive that an audit can find."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """In the order in which footage moves through the folders."""

    UPLOAD_LOST = "UPLOAD_LOST", _("uploads whose received bytes are gone")
    UPLOAD_STUCK = "UPLOAD_STUCK", _("whole uploads that nobody checks")
    ORPHAN_UPLOAD = "ORPHAN_UPLOAD", _("files in uploads/ that belong to no upload")
    ORIGINAL_MISSING = "ORIGINAL_MISSING", _("camera files that are gone from the disk")
    ORIGINAL_CHANGED = "ORIGINAL_CHANGED", _("camera files that are not what was uploaded")
    ORPHAN_ORIGINAL = "ORPHAN_ORIGINAL", _("files in originals/ that no row knows")
    PREVIEW_MISSING = "PREVIEW_MISSING", _("previews, pictures and filmstrips without their files")
    ORPHAN_PREVIEW = "ORPHAN_PREVIEW", _("files in candidates/ that no row knows")
    CLIP_UNCUT = "CLIP_UNCUT", _("clips that were never cut, and nobody cuts them")
    CLIP_MISSING = "CLIP_MISSING", _("cut clips that are gone from the disk")
    CLIP_CHANGED = "CLIP_CHANGED", _("cut clips that are not what was cut")
    ORPHAN_CLIP = "ORPHAN_CLIP", _("files in final_clips/ that no row knows")
    SHARED_MISSING = "SHARED_MISSING", _("copies for sharing without their files")
    ORPHAN_SHARED = "ORPHAN_SHARED", _("copies for sharing that no row knows")
    STORE_SHUT = "STORE_SHUT", _("files that could not be looked at")
    LINEAGE = "LINEAGE", _("clips whose versions do not fit together")
    KEPT_WITHOUT_CLIP = "KEPT_WITHOUT_CLIP", _("moments that were kept and have no clip")
    NAME = "NAME", _("clips whose names say something else than their rows")
    NAME_NOT_TAKEN = "NAME_NOT_TAKEN", _("clips whose names could be given a second time")
    ARCHIVE_SHUT = "ARCHIVE_SHUT", _("the archive could not be looked at")
    COPY_ABSENT = "COPY_ABSENT", _("clips that are not archived, and nobody archives them")
    COPY_MISSING = "COPY_MISSING", _("archived clips that are gone from the archive")
    COPY_TRASHED = "COPY_TRASHED", _("archived clips that lie in the archive's trash")
    COPY_CHANGED = "COPY_CHANGED", _("archived clips that are not what was archived")
    COPY_ASTRAY = "COPY_ASTRAY", _("archived clips that lie elsewhere than their rows say")
    COPY_MOVED = "COPY_MOVED", _("archived clips that somebody moved or renamed")
    COPY_UNKNOWN = "COPY_UNKNOWN", _("clips in the archive that no row knows")
    COPY_LEFT = "COPY_LEFT", _("removed clips that still lie in the archive")
    DRIVE_ID = "DRIVE_ID", _("clips that name another Drive file than their copy")
    SCRATCH = "SCRATCH", _("work in scratch/ that nobody finished")
    JOB_STUCK = "JOB_STUCK", _("jobs that nobody takes or ends")

    @property
    def is_wrong(self) -> bool:
        """Whether it should be fixed; otherwise a person did it on purpose."""
        return self not in {Kind.COPY_MOVED}

    @property
    def advice(self) -> Promise:
        """Advice on what to do about it, in one sentence."""
        return _ADVICE[self]


_MADE_AGAIN = _("“manage.py audit --repair” has them made again.")
_NEVER_DELETED = _("Nothing deletes them by itself. Look what they are, and move them away if nobody wants them.")
_ADVICE = {
    Kind.UPLOAD_LOST: _("Upload these files again; the site gives the old uploads up by itself."),
    Kind.UPLOAD_STUCK: _("“manage.py audit --repair” starts what checks them."),
    Kind.ORPHAN_UPLOAD: _("They are removed by themselves after a day."),
    Kind.ORIGINAL_MISSING: _(
        "Copy them from a backup or from the card to the place that is named. Those that the archive has "
        "“manage.py audit --repair” lets the site fetch from there."
    ),
    Kind.ORIGINAL_CHANGED: _(
        "Copy them from a backup or from the card to the place that is named: the disk may be failing."
    ),
    Kind.ORPHAN_ORIGINAL: _NEVER_DELETED,
    Kind.PREVIEW_MISSING: _MADE_AGAIN,
    Kind.ORPHAN_PREVIEW: _("“manage.py audit --repair” removes them."),
    Kind.CLIP_UNCUT: _("“manage.py audit --repair” has them cut."),
    Kind.CLIP_MISSING: _("“manage.py audit --repair” has them cut again."),
    Kind.CLIP_CHANGED: _("“manage.py audit --repair” has them cut again; the disk may be failing."),
    Kind.ORPHAN_CLIP: _NEVER_DELETED,
    Kind.SHARED_MISSING: _MADE_AGAIN,
    Kind.ORPHAN_SHARED: _("“manage.py audit --repair” removes them."),
    Kind.STORE_SHUT: _("Mend what the sentence says, and compare once more."),
    Kind.LINEAGE: _("Open the clip's page and save it once more; if there is none, tell whoever runs the site."),
    Kind.KEPT_WITHOUT_CLIP: _("Find the moment on its session's page and make it by hand once more."),
    Kind.NAME: _("A file name stays for good. Save the clip once more for a version with another name."),
    Kind.NAME_NOT_TAKEN: _("“manage.py audit --repair” takes the names."),
    Kind.ARCHIVE_SHUT: _("“manage.py archive_check” says more."),
    Kind.COPY_ABSENT: _("“manage.py audit --repair” has them archived."),
    Kind.COPY_MISSING: _(
        "“manage.py audit --repair” has them looked at once more and shown as removed; “manage.py rearchive” sends "
        "them again."
    ),
    Kind.COPY_TRASHED: _("Bring them back out of the trash, or let “manage.py audit --repair” show them as removed."),
    Kind.COPY_CHANGED: _("“manage.py audit --repair” has them looked at once more, and sent again if they differ."),
    Kind.COPY_ASTRAY: _("“manage.py audit --repair” has them moved back to where their rows say."),
    Kind.COPY_MOVED: _("Nothing: where people put them they stay."),
    Kind.COPY_UNKNOWN: _(
        "“manage.py audit --repair” lets the rows of those it knows lead to them, and puts what is there twice into "
        "the archive's trash; “manage.py rebuild_from_archive” makes rows for the others."
    ),
    Kind.COPY_LEFT: _("“manage.py audit --repair” puts them into the archive's trash."),
    Kind.DRIVE_ID: _("“manage.py audit --repair” takes over what the copy says."),
    Kind.SCRATCH: _("“manage.py audit --repair” removes it."),
    Kind.JOB_STUCK: _("See whether workers run; “manage.py audit --repair” tells the broker of them again."),
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

    def __str__(self) -> str:
        return f"{self.subject}: {self.says}"

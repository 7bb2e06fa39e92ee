"""Describes the outcome of an upload in one sentence for the person who sent it."""

from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clips.models import Decision, OriginalFile, Upload, UploadState


def of(upload: Upload) -> str:
    """Return the outcome of a settled upload."""
    if upload.state == UploadState.DUPLICATE and upload.original_file:
        return already_here(upload.original_file)
    if upload.state == UploadState.REGISTERED and upload.original_file:
        return _("added to %(session)s") % {"session": upload.original_file.shoot}
    return upload.reason or upload.get_state_display()


def already_here(file: OriginalFile) -> str:
    """Return where a file is that need not be sent again, and when it was sorted."""
    date = date_format(file.shoot.date, "SHORT_DATE_FORMAT")
    where = {"name": file.original_filename, "session": file.shoot.name, "date": date}
    decided = Decision.objects.not_undone().filter(segment__original_file=file).aggregate(last=Max("created_at"))
    if decided["last"] is None:
        return _("already here: %(name)s in %(session)s · %(date)s, not sorted yet") % where
    where["day"] = date_format(decided["last"], "SHORT_DATE_FORMAT")
    return _("already here: %(name)s in %(session)s · %(date)s, sorted on %(day)s") % where

"""The page that takes footage in."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clips.models import Shoot, Upload
from people.access import requires
from people.models import Role

RECENT = 30


@requires(Role.SORTER)
@require_safe
def upload(request: HttpRequest) -> HttpResponse:
    """Show where files are dropped, and what became of the last ones."""
    context = {
        "today": timezone.localdate(),
        "asked_shoot": asked_shoot(request),
        "shoots": Shoot.objects.all()[:20],
        "chunk_bytes": settings.UPLOAD_CHUNK_BYTES,
        "uploads": recent_uploads(request),
    }
    return render(request, "clips/upload.html", context)


@requires(Role.SORTER)
@require_safe
def upload_recent(request: HttpRequest) -> HttpResponse:
    """Answer with the list of my last uploads alone."""
    return render(request, "clips/_uploads.html", {"uploads": recent_uploads(request)})


def asked_shoot(request: HttpRequest) -> Shoot | None:
    """Return the session that ``?session=`` names, for links that say where the next files belong."""
    try:
        return Shoot.objects.filter(pk=UUID(request.GET.get("session", ""))).first()
    except ValueError:
        return None


def recent_uploads(request: HttpRequest) -> list[Upload]:
    """Return my last uploads, each with the file that it became and that file's latest job."""
    rows = Upload.objects.filter(owner=request.user).select_related("shoot", "original_file")
    return list(rows.prefetch_related("original_file__jobs")[:RECENT])

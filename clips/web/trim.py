"""Views of trimming a session's videos: what it would free, planning it, and thinking again."""

from collections import Counter
from uuid import UUID

from django.db.models import Count, Min, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clips.disk import trimmable, trimming
from clips.models import KeptPart, OriginalFile, Shoot
from people.access import requires
from people.models import Role
from people.site_settings.registry import TRIM_HANDLE_S
from trickyclip.shared.page_events import announce
from trickyclip.shared.whole_pages import part_of

#: Reasons are counted for so many videos of a session.
MOST_COUNTED = 2000


@requires(Role.CURATOR)
@require_http_methods(["GET", "HEAD", "POST"])
@part_of(lambda pk: f"{reverse('clips:session', args=[pk])}?details", at="files-title")
def session_trim(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with what trimming a session's videos would free, and what is planned; POST plans it."""
    shoot = _shoot(pk)
    if request.method == "POST":
        trimming.plan(shoot, request.user)
        return announce(render(request, "clips/web/_trim.html", trim_context(shoot)), "moments-changed")
    return render(request, "clips/web/_trim.html", trim_context(shoot))


@requires(Role.CURATOR)
@require_POST
def session_trim_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep the videos of a session whole that were to be trimmed."""
    shoot = _shoot(pk)
    trimming.undo(shoot)
    return announce(render(request, "clips/web/_trim.html", trim_context(shoot)), "moments-changed")


def trim_context(shoot: Shoot) -> dict:
    """Return what the panel shows, in a fixed number of queries."""
    files = OriginalFile.objects.in_use().filter(shoot=shoot, low_res_of=None)
    planned = files.on_disk().filter(trim_at__isnull=False)
    plan = planned.aggregate(n=Count("pk"), first_at=Min("trim_at"))
    trimmed = files.trimmed()
    whole = list(trimmable.with_reasons(files.on_disk()).defer("probe")[:MOST_COUNTED])
    reasons = Counter(why for one in whole if not one.trim_at and (why := trimmable.why_whole(one)))
    waits = Counter(why for one in whole if one.trim_at and (why := trimmable.why_it_waits(one)))
    return {
        "shoot": shoot,
        "handle_s": TRIM_HANDLE_S.value(),
        "may_be": trimmable.estimate(trimmable.of_session(shoot).filter(trim_at=None)),
        "planned": trimmable.estimate(planned),
        "plan": plan,
        "is_due": bool(plan["n"]) and plan["first_at"] <= timezone.now(),
        "waits": waits.most_common(),
        "trimmed": trimmed.aggregate(n=Count("pk"), size_bytes=Sum("size_bytes")),
        "kept": KeptPart.objects.filter(original_file__in=trimmed).aggregate(size_bytes=Sum("size_bytes")),
        "reasons": reasons.most_common(),
    }


def _shoot(pk: UUID) -> Shoot:
    return get_object_or_404(Shoot.objects.in_use(), pk=pk)

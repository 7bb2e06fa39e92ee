"""Views of the audit page, which shows the findings of the last audit."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from clips.integrity import tasks
from clips.integrity.finding import Kind
from clips.models import AuditReport, AuditState
from people.access import requires
from people.models import Role

MOST_EARLIER = 14


@requires(Role.SORTER)
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """List the findings of the last audit by kind, with advice."""
    report = AuditReport.objects.latest_ended()
    kinds = []
    if report:
        kinds = [
            {"kind": kind, "n": n, "found": (found := report.found.get(kind.value, [])), "n_more": n - len(found)}
            for kind in Kind
            if (n := report.counts.get(kind.value))
        ]
    is_running = AuditReport.objects.filter(state=AuditState.RUNNING).exists()
    # A worker that was asked may not have begun yet: the page waits for another report than the one it was asked after.
    is_awaited = is_running or request.GET.get("after") == _mark(report)
    ended = AuditReport.objects.filter(state=AuditState.DONE).defer("found")
    context = {"report": report, "kinds": kinds, "is_awaited": is_awaited, "earlier": ended[1 : 1 + MOST_EARLIER]}
    return render(request, "clips/integrity/audit.html", context)


@requires(Role.CURATOR)
@require_POST
def audit_start(request: HttpRequest) -> HttpResponse:
    """Start an audit now instead of at night; one that is running continues."""
    try:
        tasks.audit.delay()
    except OperationalError:
        messages.error(request, _("No worker available. Try again in a minute."))
    else:
        return redirect(f"{reverse('clips:audit')}?after={_mark(AuditReport.objects.latest_ended())}")
    return redirect("clips:audit")


def _mark(report: AuditReport | None) -> str:
    return str(report.pk) if report else "none"

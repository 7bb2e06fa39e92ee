"""The audit trail on a page for admins: who did what to which row, searched and filtered, never changed."""

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from people.access import requires
from people.models import Action, AuditEntry, Role
from people.naming.picking import typed_in

PER_PAGE = 50
#: It grows without end; counting a million entries for the number of pages would cost more than the page.
MOST_LISTED = 5000


@requires(Role.ADMIN)
@require_safe
def audit_trail(request: HttpRequest) -> HttpResponse:
    """List entries, the newest first; ``?q=`` of somebody or something, ``?action=merged`` of one kind."""
    typed, action = typed_in(request), request.GET.get("action", "")
    entries = AuditEntry.objects.order_by("-pk")
    if typed:
        entries = entries.filter(Q(actor_name__icontains=typed) | Q(target_name__icontains=typed))
    if action in Action.values:
        entries = entries.filter(action=action)
    page = Paginator(entries[:MOST_LISTED], PER_PAGE).get_page(request.GET.get("page"))
    asked = {"q": typed, "action": action if action in Action.values else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    context = {"page": page, "typed": typed, "action": asked["action"], "actions": Action.choices}
    return render(request, "people/audit_trail.html", context | {"more": f"&{query}" if query else ""})

"""View of the API's documentation."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clips.api.reference import GROUPS, reference
from people.access import requires
from people.models import Role


@requires(Role.VIEWER)
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show every call of the API, with its parameters, body, answers and an example."""
    told = reference()
    context = {
        "groups": [(tag, GROUPS[tag], calls) for tag, calls in told.groups.items()],
        "objects": told.objects,
        "site": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "clips/api/docs.html", context)

"""View that asks for the demo session."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from clips.demo import session
from people.access import requires
from people.models import Role


@requires(Role.SORTER)
@require_POST
def demo_start(request: HttpRequest) -> HttpResponse:
    """Have the demo session made, unless it exists, and lead to the start page, which shows it come."""
    session.ask_for(request.user)
    return redirect("home")

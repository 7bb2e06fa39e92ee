"""Views of the leaderboard on the sort page, the start page and a member's own page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clips.sorting.leaderboard import board as rows_for
from people.access import requires
from people.models import Role
from trickyclip.shared.whole_pages import part_of


@requires(Role.VIEWER)
@require_safe
@never_cache
@part_of("people:account", at="board")
def board(request: HttpRequest) -> HttpResponse:
    return render(request, "clips/sorting/_leaderboard.html", {"board": rows_for(request.user)})


@requires(Role.SORTER)
@require_POST
def board_show(request: HttpRequest) -> HttpResponse:
    """Join the board or, with an empty ``shown``, leave it; answer with the board."""
    request.user.show_on_board(bool(request.POST.get("shown")))
    return render(request, "clips/sorting/_leaderboard.html", {"board": rows_for(request.user)})

"""Pages of a rider, a trick and a season, and their tables as files."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clips.season import rider as of_rider
from clips.season import trick as of_trick
from clips.season import year as of_season
from clips.season.seasons import Season
from clips.season.table import Table
from people.access import requires
from people.models import Person, Role
from tricks.models import Trick

#: Years that dates can have at all.
FIRST_YEAR, LAST_YEAR = 1900, 9000


@requires(Role.VIEWER)
@require_safe
def rider(request: HttpRequest, pk: UUID, table: str = "") -> HttpResponse:
    """Show what a rider landed, season by season; a table of it as CSV."""
    person = get_object_or_404(Person, pk=pk)
    shown = of_rider.figures_of(person, request.user)
    if table:
        return _file(shown.tables, table, person.slug)
    context = {"shown": shown, "is_me": request.user.rider_id == person.pk, "row_url": request.path}
    return render(request, "clips/season/rider.html", context)


@requires(Role.VIEWER)
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Lead members to their own page as a rider; those who are linked to none to their account."""
    if request.user.rider_id:
        return redirect("clips:rider", request.user.rider_id)
    return redirect("people:account")


@requires(Role.VIEWER)
@require_safe
def trick(request: HttpRequest, pk: UUID, table: str = "") -> HttpResponse:
    """Show who does a trick, and who landed it first; a table of it as CSV."""
    row = get_object_or_404(Trick, pk=pk)
    shown = of_trick.figures_of(row, request.user)
    if table:
        return _file(shown.tables, table, row.slug)
    return render(request, "clips/season/trick.html", {"shown": shown, "row_url": request.path})


@requires(Role.VIEWER)
@require_safe
def seasons(request: HttpRequest) -> HttpResponse:
    """Lead to the newest season; say so while there is none."""
    there = of_season.seasons_there_are()
    if there:
        return redirect("clips:season", there[0].year)
    return render(request, "clips/season/season.html", {"shown": None})


@requires(Role.VIEWER)
@require_safe
def season(request: HttpRequest, year: int, table: str = "") -> HttpResponse:
    """Show the days, months, riders and cameras of a season; a table of it as CSV."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    shown = of_season.figures_of(Season(year))
    if shown.season not in shown.seasons:
        raise Http404(_("Nobody filmed in this season."))
    if table:
        return _file(shown.tables, table, str(shown.season).replace("/", "-"))
    return render(request, "clips/season/season.html", {"shown": shown, "row_url": request.path})


def _file(tables: list[Table], name: str, of: str) -> HttpResponse:
    found = next((table for table in tables if table.name == name), None)
    if found is None:
        raise Http404
    answer = HttpResponse(found.csv(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{of}-{name}.csv"'
    return answer

"""Autocomplete of tricks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from people.naming.picking import MAX_OPTIONS, Option, is_too_long, offered, typed_in, wanted
from tricks import naming
from tricks.lookup import EXACT, likely
from tricks.models import Trick
from trickyclip.shared.whole_pages import part_of

#: Shown beside a new name, if they resemble it this much.
MAX_DOUBLES, LEAST_OF_DOUBLE = 2, 60


@require_safe
@part_of("clips:library")
def pick(request: HttpRequest) -> HttpResponse:
    """Answer with the tricks that ``?q=`` may mean, best first; with an empty box, all in alphabetical order.

    Enter takes a trick only if what is typed is its name, however written; all else is new until it is chosen.
    """
    if is_too_long(request):
        return render(request, "_picker_options.html", {"is_too_long": True})
    typed = typed_in(request)
    tricks = offered(Trick.objects.prefetch_related("aliases"))
    if typed:
        options = options_for(typed, list(tricks))
    else:
        options = [Option(str(trick), (trick.category,)) for trick in tricks[:MAX_OPTIONS]]
    return render(request, "_picker_options.html", {"options": wanted(request, options)})


def options_for(typed: str, tricks: list[Trick]) -> list[Option]:
    """Return the options for the typed text: the trick of that name, or a new one, and other possible ones."""
    found = likely(typed, tricks, limit=MAX_OPTIONS)
    is_known = bool(found) and found[0][0] == EXACT
    as_written = naming.label(*naming.split(typed))  # "back rodeo 7" is added as BS rodeo 720, and shown so before
    options = [] if is_known else [Option(as_written, is_new=True, is_marked=True)]
    for place, (score, trick) in enumerate(found):
        is_double = not is_known and place < MAX_DOUBLES and score >= LEAST_OF_DOUBLE
        is_it = is_known and place == 0
        options.append(Option(str(trick), (trick.category,), is_marked=is_it, is_exact=is_it, is_double=is_double))
    return options

"""Picking tricks by a few letters."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tricks.models import Trick
from trickyclip.names import closest, is_guess
from trickyclip.whole_pages import part_of

MAX_OPTIONS = 8


@require_safe
@part_of("clips:library")
def pick(request: HttpRequest) -> HttpResponse:
    """Answer with what may be meant by ``?q=``, best first; with nothing typed, all from the start of the alphabet."""
    typed = " ".join(request.GET.get("q", "").split())[:100]
    tricks = list(Trick.objects.prefetch_related("aliases"))
    spellings = {trick: [str(trick), trick.name, *(alias.name for alias in trick.aliases.all())] for trick in tricks}
    found = closest(typed, spellings, limit=MAX_OPTIONS) if typed else tricks[:MAX_OPTIONS]
    for trick in found:
        trick.is_guess = bool(typed) and is_guess(typed, spellings[trick])
    # "Boardslide" alone is another trick than "FS Boardslide", so the bare name of one with a direction is not known.
    known = any(typed.casefold() in {str(trick).casefold(), *_aliases(trick)} for trick in found)
    context = {"tricks": found, "typed": typed, "is_new": bool(typed) and not known}
    return render(request, "tricks/_options.html", context)


def _aliases(trick: Trick) -> set[str]:
    return {alias.name.casefold() for alias in trick.aliases.all()}

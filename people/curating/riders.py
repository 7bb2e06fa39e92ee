"""The riders' part of the curators' pages: their words, and taking one out of the library."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST

from people.access import requires
from people.curating.kind import Kind
from people.leaving import take_out_rider
from people.models import Person, Role
from people.naming.slugs import closest
from people.person_forms import PersonAliasForm, PersonForm


def _closest(typed: str, people: list[Person]) -> list[Person]:
    return closest(typed, {person: person.spellings for person in people}, limit=len(people))


RIDERS = Kind(
    one="rider",
    many="riders",
    namespace="people",
    model=Person,
    form=PersonForm,
    alias_form=PersonAliasForm,
    closest=_closest,
    filter="person",
    title=_lazy("Riders"),
    add_words=_lazy("Add a rider"),
    empty_words=_lazy("No riders yet. They are added as you sort, or here."),
    unknown_words=_lazy("No rider is called “%(name)s”."),
)


@requires(Role.CURATOR)
@require_POST
def rider_take_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a rider out of all clips, file names and search for good, when they ask for it."""
    take_out_rider(RIDERS.row(pk), request.user)
    messages.success(request, _("A rider was taken out of the library. File names follow in the background."))
    return redirect("people:riders")

"""The riders' part of the curators' pages: their words, the member that one is, and taking one out of the library."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST

from people.access import requires
from people.audit import Action, note
from people.curating.kind import Kind
from people.curating.pages import page_of
from people.leaving import take_out_rider
from people.models import Member, Person, Role
from people.naming.slugs import closest
from people.person_forms import PersonAliasForm, PersonForm


def _closest(typed: str, people: list[Person]) -> list[Person]:
    return closest(typed, {person: person.spellings for person in people}, limit=len(people))


class MemberForm(forms.Form):
    """The member that a rider is, if they have a login."""

    member = forms.ModelChoiceField(
        Member.objects.none(), label=_lazy("Member"), required=False, empty_label=_lazy("none")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = Member.objects.filter(is_active=True)


def _member_of(person: Person) -> dict[str, object]:
    member = Member.objects.filter(rider=person).first()
    return {"member_form": MemberForm(initial={"member": member})}


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
    context_of=_member_of,
)


@requires(Role.CURATOR)
@require_POST
def rider_take_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a rider out of all clips, file names and search for good, when they ask for it."""
    take_out_rider(RIDERS.row(pk), request.user)
    messages.success(request, _("A rider was taken out of the library. File names follow in the background."))
    return redirect("people:riders")


@requires(Role.CURATOR)
@require_POST
def rider_member(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Link a rider to a member, or to none."""
    person = RIDERS.row(pk)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return page_of(request, RIDERS, person, status=422, member_form=form)
    member = form.cleaned_data["member"]
    with transaction.atomic():
        if member:
            member.ride_as(person)
        else:
            Member.objects.filter(rider=person).update(rider=None)
        note(Action.CHANGED, person, member=str(member or ""))
    messages.success(request, _("Saved."))
    return redirect("people:rider", pk)

"""Members and their links, on a page for admins: who is in, with which role, and who may join."""

from collections.abc import Callable
from uuid import UUID

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from people.access import requires
from people.audit import Action, note
from people.models import Invite, LastAdminError, Member, Role, SecondFactor


class RoleForm(forms.Form):
    """A role to give, or to invite somebody with."""

    role = forms.ChoiceField(label=_lazy("Role"), choices=Role.choices, initial=Role.SORTER)


@requires(Role.ADMIN)
@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """List members and the links that still let somebody in."""
    return _page(request)


@requires(Role.ADMIN)
@require_POST
def invite_create(request: HttpRequest) -> HttpResponse:
    """Create an invite link and show it once, with a QR code."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    with transaction.atomic():
        invite, secret = Invite.objects.issue(role=Role(form.cleaned_data["role"]), created_by=request.user)
        note(Action.ADDED, invite, role=invite.role)
    return _page(request, link=_link(request, secret), link_for=invite, status=201)


@requires(Role.ADMIN)
@require_POST
def invite_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a link that nobody has used yet."""
    with transaction.atomic():
        invite = get_object_or_404(Invite.objects.usable().select_for_update(), pk=pk)
        note(Action.DELETED, invite)
        invite.delete()
    messages.success(request, _("Link revoked."))
    return redirect("people:members")


@requires(Role.ADMIN)
@require_POST
def member_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Create a link with which a member sets a new password, and show it once."""
    with transaction.atomic():
        member = get_object_or_404(Member.objects.filter(is_active=True), pk=pk)
        invite, secret = Invite.objects.issue(role=Role(member.role), created_by=request.user, member=member)
        note(Action.LINK_MADE, member)
    return _page(request, link=_link(request, secret), link_for=invite, status=201)


@requires(Role.ADMIN)
@require_POST
def member_role(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a member another role; their logins end."""
    member = get_object_or_404(Member.objects.filter(is_active=True), pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    role = Role(form.cleaned_data["role"])
    if role == member.role:
        return redirect("people:members")

    def give() -> None:
        before = member.role
        member.give_role(role)
        note(Action.ROLE_GIVEN, member, before=before, after=role)

    if _done(request, give) and member == request.user:
        member.role = role
        update_session_auth_hash(request, member)
        if role != Role.ADMIN:
            return redirect("home")
    return redirect("people:members")


@requires(Role.ADMIN)
@require_POST
def member_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Lock a member out everywhere; what they did stays."""
    member = get_object_or_404(Member.objects.filter(is_active=True), pk=pk)
    if member == request.user:
        messages.error(request, _("You cannot remove yourself. Ask another admin."))
        return redirect("people:members")

    def remove() -> None:
        member.remove()
        note(Action.REMOVED, member)

    _done(request, remove)
    return redirect("people:members")


@requires(Role.ADMIN)
@require_POST
def member_let_back_in(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a removed member log in again."""
    member = get_object_or_404(Member.objects.filter(erased_at=None), pk=pk)
    with transaction.atomic():
        if member.let_back_in():
            note(Action.LET_BACK_IN, member)
    messages.success(request, _("%(name)s can log in again.") % {"name": member})
    return redirect("people:members")


def _done(request: HttpRequest, change: Callable[[], None]) -> bool:
    """Make a change and its entry in the trail together; False, with a message, if no admin would be left."""
    try:
        with transaction.atomic():
            change()
    except LastAdminError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, _("Saved."))
    return True


def _link(request: HttpRequest, secret: str) -> str:
    return request.build_absolute_uri(reverse("people:join", args=[secret]))


@never_cache
def _page(request: HttpRequest, *, status: int = 200, link: str = "", **more: object) -> HttpResponse:
    confirmed = SecondFactor.objects.confirmed().filter(member=OuterRef("pk"))
    shown = Member.objects.filter(erased_at=None).annotate(n_tokens=Count("tokens"), has_factor=Exists(confirmed))
    context = {
        "members": shown.order_by("-is_active", "username"),
        "invites": Invite.objects.usable().select_related("member", "created_by"),
        # Without what it may do: the lines are short, and the form above says it.
        "roles": [(role.value, str(role.label).partition(":")[0]) for role in Role],
        "form": RoleForm(),
        "link": link,
        "qr": segno.make(link).svg_data_uri(scale=6, border=3) if link else "",
        **more,
    }
    return render(request, "people/members.html", context, status=status)

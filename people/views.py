"""Views of invite and reset links, a member's own account page, and the autocomplete of people."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from people import appearance, language
from people.access import public, requires
from people.audit import Action, note
from people.forms import ChangePasswordForm, JoinForm, LeaveForm, NewPasswordForm, TokenForm
from people.leaving import erase
from people.login import enter
from people.models import ApiToken, Invite, LastAdminError, Member, Person, Role, SecondFactor
from people.naming.picking import MAX_OPTIONS, Option, is_too_long, offered, typed_in, wanted
from people.naming.slugs import closest, is_guess
from people.naming.spelling import name_key
from trickyclip.shared.whole_pages import part_of

#: Shown beside a new name that resembles theirs; and how many aliases stand beside a name.
MAX_DOUBLES, MAX_ALIASES = 2, 2


@public
@never_cache
@sensitive_post_parameters()
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Let a person in by a single-use link: as a new member, or with a new password."""
    invite = Invite.objects.usable().with_secret(secret).select_related("member").first()
    if invite is None:
        return render(request, "people/join_ended.html", status=410)
    form_class = NewPasswordForm if invite.member else JoinForm
    form = form_class(request.POST or None, member=invite.member or Member(role=invite.role))
    if request.method == "POST" and form.is_valid() and (member := _use(invite, form)):
        answer = enter(request, member, resolve_url("home"))
        messages.success(request, _("Welcome, %(name)s.") % {"name": member})
        return answer
    status = 422 if form.is_bound else 200
    return render(request, "people/join.html", {"form": form, "invite": invite}, status=status)


def _use(invite: Invite, form: NewPasswordForm) -> Member | None:
    """Use up the link and save the member together; None if somebody was faster with the link or the name."""
    try:
        with transaction.atomic():
            if invite.use():
                member = form.save()
                note(Action.PASSWORD_SET if invite.member else Action.JOINED, member, actor=member, link=invite.pk)
                return member
    except IntegrityError:
        form.add_error("username", _("This username is taken."))
        return None
    form.add_error(None, _("This link was just used."))
    return None


@requires(Role.VIEWER)
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return _account_page(request)


@requires(Role.VIEWER)
@require_POST
@sensitive_post_parameters()
def password_change(request: HttpRequest) -> HttpResponse:
    """Set a new password; every other login of this member ends."""
    form = ChangePasswordForm(request.POST, request=request)
    if not form.is_valid():
        return _account_page(request, password_form=form, status=422)
    with transaction.atomic():
        form.save()
        note(Action.PASSWORD_SET, request.user)
    update_session_auth_hash(request, request.user)
    messages.success(request, _("Password changed. Other devices were logged out."))
    return redirect("people:account")


@requires(Role.VIEWER)
@require_POST
def logout_everywhere(request: HttpRequest) -> HttpResponse:
    """End every login of this member, including this one; tokens stay."""
    with transaction.atomic():
        request.user.end_logins()
        note(Action.LOGINS_ENDED, request.user)
    logout(request)
    messages.success(request, _("You’re logged out on all devices."))
    return redirect("people:login")


@requires(Role.VIEWER)
@require_POST
@sensitive_post_parameters()
def leave(request: HttpRequest) -> HttpResponse:
    """Erase whoever asks, after they typed their password; what they did stays, without their name."""
    form = LeaveForm(request.POST, request=request)
    if not form.is_valid():
        return _account_page(request, leave_form=form, status=422)
    try:
        erase(request.user)
    except LastAdminError as error:
        form.add_error(None, str(error))
        return _account_page(request, leave_form=form, status=422)
    logout(request)
    messages.success(request, _("You left the crew. Your login, tokens and name are erased."))
    return redirect("people:login")


@requires(Role.VIEWER)
@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    """Create an API token and show it once."""
    form = TokenForm(request.POST, member=request.user)
    if not form.is_valid():
        return _account_page(request, token_form=form, status=422)
    asked = form.cleaned_data
    with transaction.atomic():
        token, secret = ApiToken.objects.issue(request.user, asked["name"], asked["scope"], form.ends_at())
        note(Action.TOKEN_MADE, token, scope=token.scope, ends=token.expires_at)
    return _account_page(request, new_secret=secret, status=201)


@requires(Role.VIEWER)
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(request.user.tokens, pk=pk)
    with transaction.atomic():
        note(Action.TOKEN_REVOKED, token)
        token.delete()
    messages.success(request, _("“%(name)s” revoked.") % {"name": token.name})
    return redirect("people:account")


@requires(Role.VIEWER)
@require_safe
@part_of("clips:library")
def pick(request: HttpRequest) -> HttpResponse:
    """Answer with the people that ``?q=`` may mean, best first; with an empty box, all in alphabetical order."""
    if is_too_long(request):
        return render(request, "_picker_options.html", {"is_too_long": True})
    typed = typed_in(request)
    people = offered(Person.objects.prefetch_related("aliases"))
    options = options_for(typed, list(people)) if typed else [_option(person) for person in people[:MAX_OPTIONS]]
    return render(request, "_picker_options.html", {"options": wanted(request, options)})


def options_for(typed: str, people: list[Person]) -> list[Option]:
    """Return the options for the typed text: people called so or beginning so; else a new name, and similar ones."""
    found = closest(typed, {person: person.spellings for person in people}, limit=MAX_OPTIONS)
    called = [person for person in found if name_key(typed) in map(name_key, person.spellings)]
    if called:
        first, *others = [*called, *(person for person in found if person not in called)]
        return [_option(first, is_marked=True, is_exact=True), *map(_option, others)]
    is_begun = bool(found) and not is_guess(typed, found[0].spellings)
    options = [_option(person, is_marked=is_begun and place == 0) for place, person in enumerate(found)]
    new = Option(typed, is_new=True, is_marked=not is_begun)
    if is_begun:
        return [*options, new]
    return [new, *(replace(option, is_double=place < MAX_DOUBLES) for place, option in enumerate(options))]


def _option(person: Person, **is_what: bool) -> Option:
    return Option(person.display_name, tuple(person.spellings[1 : 1 + MAX_ALIASES]), **is_what)


@never_cache
def _account_page(request: HttpRequest, *, status: int = 200, **context) -> HttpResponse:
    context = {
        "password_form": ChangePasswordForm(request=request),
        "token_form": TokenForm(member=request.user),
        "factor": SecondFactor.objects.confirmed().filter(member=request.user).first(),
        "tokens": request.user.tokens.all(),
        "leave_form": LeaveForm(request=request),
        "themes": appearance.THEMES,
        "languages": language.CHOICES,
        **context,
    }
    return render(request, "people/account.html", context, status=status)

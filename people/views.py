"""The links that let somebody in, a member's own page, and picking people by a few letters."""

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from people.access import public, requires
from people.audit import Action, note
from people.forms import ChangePasswordForm, JoinForm, NewPasswordForm, TokenForm
from people.login import enter
from people.models import ApiToken, Invite, Member, Person, Role, SecondFactor
from trickyclip.names import closest, is_guess
from trickyclip.whole_pages import part_of

MAX_OPTIONS = 8


@public
@never_cache
@sensitive_post_parameters()
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Let somebody in by a single-use link: as a new member, or with a new password."""
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
    """Spend the link and save the member together; None when somebody was faster with the link or the name."""
    try:
        with transaction.atomic():
            if invite.use():
                member = form.save()
                note(Action.PASSWORD_SET if invite.member else Action.JOINED, member, actor=member, link=invite.pk)
                return member
    except IntegrityError:
        form.add_error("username", _("This user name is taken."))
        return None
    form.add_error(None, _("This link was used a moment ago."))
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
    form = ChangePasswordForm(request.user, request.POST)
    if not form.is_valid():
        return _account_page(request, password_form=form, status=422)
    with transaction.atomic():
        form.save()
        note(Action.PASSWORD_SET, request.user)
    update_session_auth_hash(request, request.user)
    messages.success(request, _("The new password is set. Other devices are logged out."))
    return redirect("people:account")


@requires(Role.VIEWER)
@require_POST
def logout_everywhere(request: HttpRequest) -> HttpResponse:
    """End every login of this member, this one too; tokens stay."""
    with transaction.atomic():
        request.user.end_logins()
        note(Action.LOGINS_ENDED, request.user)
    logout(request)
    messages.success(request, _("You are logged out everywhere."))
    return redirect("people:login")


@requires(Role.VIEWER)
@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    """Make an API token and show it, this once."""
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
    messages.success(request, _("“%(name)s” is revoked.") % {"name": token.name})
    return redirect("people:account")


@requires(Role.VIEWER)
@require_safe
@part_of("clips:library")
def pick(request: HttpRequest) -> HttpResponse:
    """Answer with who may be meant by ``?q=``, best first; with nothing typed, all from the start of the alphabet."""
    typed = " ".join(request.GET.get("q", "").split())[:100]
    people = list(Person.objects.prefetch_related("aliases"))
    spellings = {person: [person.display_name, *(alias.name for alias in person.aliases.all())] for person in people}
    found = closest(typed, spellings, limit=MAX_OPTIONS) if typed else people[:MAX_OPTIONS]
    known = any(typed.casefold() == name.casefold() for person in found for name in spellings[person])
    for person in found:
        person.is_guess = bool(typed) and is_guess(typed, spellings[person])
    context = {"people": found, "typed": typed, "is_new": bool(typed) and not known}
    return render(request, "people/_options.html", context)


@never_cache
def _account_page(request: HttpRequest, *, status: int = 200, **context) -> HttpResponse:
    context = {
        "password_form": ChangePasswordForm(request.user),
        "token_form": TokenForm(member=request.user),
        "factor": SecondFactor.objects.confirmed().filter(member=request.user).first(),
        "tokens": request.user.tokens.all(),
        **context,
    }
    return render(request, "people/account.html", context, status=status)

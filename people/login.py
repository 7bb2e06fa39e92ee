"""Logs a member in: by password or link, then by a code if a second factor is on."""

import time

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from people import throttle
from people.access import public, requires
from people.audit import Action, note
from people.forms import CodeForm, LoginForm
from people.models import Member, Role, SecondFactor, opens

#: Where the session keeps who has said the password and owes the code. It is no login: nothing else looks at it.
OWES_CODE = "owes_code"
OWES_CODE_S = 300
BY_PASSWORD = "django.contrib.auth.backends.ModelBackend"  # noqa: S105


class Login(LoginView):
    template_name = "people/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form) -> HttpResponse:
        return enter(self.request, form.get_user(), self.get_success_url())


def enter(request: HttpRequest, member: Member, next_url: str) -> HttpResponse:
    """Log in a member who passed one factor, or ask for the second first."""
    if not SecondFactor.objects.confirmed().filter(member=member).exists():
        _let_in(request, member)
        return HttpResponseRedirect(next_url)
    request.session.flush()
    request.session[OWES_CODE] = {
        "member": str(member.pk),
        "hash": member.get_session_auth_hash(),
        "at": time.time(),
        "next": next_url,
    }
    return redirect("people:login_code")


@public
@never_cache
@sensitive_post_parameters("code")
def login_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the second factor, and log in with it."""
    member = _who_owes(request)
    if member is None:
        messages.error(request, _("That took too long. Log in again."))
        return redirect("people:login")
    if request.method == "POST" and throttle.is_locked(request, member.username):
        return throttle.locked_out(request, None, {"username": member.username})
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if opens(member, form.cleaned_data["code"]):
            next_url = request.session[OWES_CODE]["next"]
            _let_in(request, member)
            return HttpResponseRedirect(next_url)
        throttle.count_failure(request, member.username)
        form.add_error("code", _("Wrong or already used code. The app shows a new one every 30 seconds."))
    return render(request, "people/login_code.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(Role.VIEWER)
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    note(Action.LOGGED_OUT)
    logout(request)
    return redirect("people:login")


def _let_in(request: HttpRequest, member: Member) -> None:
    """Log in with a new session key, so that a key known from before is worthless."""
    request.session.flush()
    login(request, member, backend=BY_PASSWORD)
    note(Action.LOGGED_IN, actor=member)


def _who_owes(request: HttpRequest) -> Member | None:
    """Return the member who just gave the password, unless they were removed or changed it meanwhile."""
    owes = request.session.get(OWES_CODE)
    if owes is None or time.time() - owes["at"] > OWES_CODE_S:
        return None
    member = Member.objects.filter(pk=owes["member"], is_active=True).first()
    if member is None or not constant_time_compare(owes["hash"], member.get_session_auth_hash()):
        return None
    return member

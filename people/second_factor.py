"""The page on which members turn their second factor on and off; every change asks for the password again."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import quote, urlencode

import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from people.access import requires
from people.audit import Action, note
from people.forms import CodeForm, PasswordForm
from people.models import RecoveryCode, Role, SecondFactor


def with_password(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Allow a change that comes with the member's password; else show the page with the error."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        form = PasswordForm(request.POST, request=request)
        return view(request) if form.is_valid() else _page(request, password_form=form, status=422)

    return checked


@requires(Role.VIEWER)
@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    return _page(request)


@requires(Role.VIEWER)
@require_POST
@sensitive_post_parameters()
@with_password
def second_factor_begin(request: HttpRequest) -> HttpResponse:
    """Create a key and show it as a QR code; nothing is on before a code was entered."""
    if not SecondFactor.objects.confirmed().filter(member=request.user).exists():
        SecondFactor.objects.begin(request.user)
    return redirect("people:second_factor")


@requires(Role.VIEWER)
@require_POST
@sensitive_post_parameters()
def second_factor_confirm(request: HttpRequest) -> HttpResponse:
    """Turn it on with a first code; every other login ends, and the recovery codes are shown once."""
    factor = SecondFactor.objects.filter(member=request.user, confirmed_at=None).first()
    form = CodeForm(request.POST)
    if factor is None:
        return redirect("people:second_factor")
    with transaction.atomic():
        codes = factor.confirm("".join(form.cleaned_data["code"].split())) if form.is_valid() else None
        if codes:
            request.user.end_logins()
            note(Action.FACTOR_ON)
    if codes is None:
        form.add_error("code", _("Wrong code. Check that your phone’s clock is right."))
        return _page(request, code_form=form, status=422)
    update_session_auth_hash(request, request.user)
    return _page(request, new_codes=codes, status=201)


@requires(Role.VIEWER)
@require_POST
@sensitive_post_parameters()
@with_password
def second_factor_codes(request: HttpRequest) -> HttpResponse:
    """Create new recovery codes, which replace the earlier ones."""
    if not SecondFactor.objects.confirmed().filter(member=request.user).exists():
        return redirect("people:second_factor")
    with transaction.atomic():
        codes = RecoveryCode.objects.issue(request.user)
        note(Action.CODES_MADE)
    return _page(request, new_codes=codes, status=201)


@requires(Role.VIEWER)
@require_POST
@sensitive_post_parameters()
@with_password
def second_factor_off(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        if SecondFactor.objects.drop(request.user):
            note(Action.FACTOR_OFF)
    messages.success(request, _("Second factor turned off."))
    return redirect("people:account")


@never_cache
def _page(request: HttpRequest, *, status: int = 200, **context) -> HttpResponse:
    factor = SecondFactor.objects.filter(member=request.user).first()
    begun = factor is not None and factor.confirmed_at is None
    context = {
        "factor": factor,
        "n_codes": RecoveryCode.objects.unused().filter(member=request.user).count(),
        "password_form": PasswordForm(request=request),
        "code_form": CodeForm(),
        "key": " ".join(factor.key[start : start + 4] for start in range(0, len(factor.key), 4)) if begun else "",
        "qr_address": segno.make(_otpauth(request, factor.key)).svg_data_uri(scale=6, border=3) if begun else "",
        **context,
    }
    return render(request, "people/second_factor.html", context, status=status)


def _otpauth(request: HttpRequest, key: str) -> str:
    """Return the text of the QR code for the app: the account, the site and the key."""
    label = quote(f"TrickyClip ({request.get_host()}):{request.user}")
    return f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': f'TrickyClip ({request.get_host()})'})}"

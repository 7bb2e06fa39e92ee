"""Guards each route by a role. A view without a rule is for admins only, so forgetting one opens nothing.

Views state their rule with ``@requires(Role.SORTER)`` or ``@public``. People without a login are sent to the login
page; programs (the API, uploads) get 401 instead, because a redirect would look like success to them.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied

from people import audit, language, throttle
from people.models import ApiToken, Member, Role
from people.models.member import hash_secret
from people.site_settings import zone
from people.site_settings.registry import SECOND_FACTOR_FOR_STAFF

PROGRAM_PATHS = settings.PROGRAM_PATHS
#: Asked with tokens of their own, which are nobody's.
OWN_TOKEN_PATHS = ("/metrics",)
#: What a token opens. Pages are for people: one that could make tokens would widen its own scope.
TOKEN_PATHS = (*PROGRAM_PATHS, "/media/", "/library/download.zip", "/readyz", "/too-large/")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def requires(read: Role, write: Role | None = None) -> Callable:
    """Set the role that a view needs: ``read`` for GET and HEAD, ``write`` (the same if left out) for the rest."""

    def mark(view: Callable) -> Callable:
        view.access = (read, write or read)
        return view

    return mark


def public(view: Callable) -> Callable:
    """Let anyone call a view."""
    view.access = None
    return view


def role_for(request: HttpRequest, view: Callable) -> Role | None:
    """Return the role that this request needs; None if anyone may."""
    if request.resolver_match.app_name == "admin":
        return Role.CURATOR
    rule = getattr(view, "access", (Role.ADMIN, Role.ADMIN))
    if rule is None:
        return None
    read, write = rule
    return read if request.method in SAFE_METHODS else write


class AccessMiddleware:
    """Identifies the member (session or ``Authorization: Bearer``) and enforces each view's rule."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.answering(request), zone.left_behind():
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and request.path not in OWN_TOKEN_PATHS:
            member = ApiToken.objects.member_of(secret.strip())
            if member is None:
                name = f"token {hash_secret(secret)}"  # each wrong token is an account of its own to the throttle
                if throttle.is_locked(request, name):
                    return throttle.locked_out(request, None, {"username": name})
                throttle.count_failure(request, name)
                return _unauthorised(_("This API token is unknown, expired or revoked."))
            if not request.path.startswith(TOKEN_PATHS):
                return _forbidden(_("Tokens work for the API, uploads and files. Pages need a login."))
            request.user = member
            # CSRF rides on cookies that a browser adds by itself; nobody adds this header by accident.
            request._dont_enforce_csrf_checks = True
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict) -> HttpResponse | None:
        role = role_for(request, view)
        if role is None:
            return None
        is_program = request.path.startswith(PROGRAM_PATHS) and request.path != language.API_PAGE
        if request.user.is_authenticated:
            zone.use()  # after the member: while the database is away, that question says so alone
            language.use(request, request.user)
            if request.user.may(role):
                return _second_factor_first(request, is_program) if owes_second_factor(request.user, role) else None
            if request.user.at_most is not None and Role(request.user.role).includes(role):
                sentence = _("The scope of this token does not allow this. Create another token on your account page.")
            else:
                sentence = _("Your role does not allow this. Ask an admin of your crew.")
            if is_program:
                return _forbidden(sentence)
            raise PermissionDenied(sentence)
        if is_program:
            return _unauthorised(_("Log in, or send an API token as “Authorization: Bearer …”."))
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401, headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
        return redirect_to_login(request.get_full_path())


def owes_second_factor(member: Member, role: Role) -> bool:
    """Return whether a member must turn their second factor on before they use the rights of ``role``."""
    return role.includes(Role.CURATOR) and SECOND_FACTOR_FOR_STAFF.value() and not member.has_second_factor


def _second_factor_first(request: HttpRequest, is_program: bool) -> HttpResponse:
    sentence = _("This crew requires a second factor for curators and admins. Turn yours on first.")
    if is_program:
        return _forbidden(sentence)
    messages.warning(request, sentence)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=403, headers={"HX-Redirect": resolve_url("people:second_factor")})
    return redirect("people:second_factor")


def _forbidden(sentence: str) -> JsonResponse:
    return JsonResponse({"detail": sentence}, status=403)


def _unauthorised(sentence: str) -> JsonResponse:
    return JsonResponse({"detail": sentence}, status=401, headers={"WWW-Authenticate": 'Bearer realm="TrickyClip"'})


class RequestUserAuthentication(BaseAuthentication):
    """Gives REST framework the user that the middleware found, and enforces CSRF for cookies."""

    def authenticate(self, request) -> tuple | None:
        user = request._request.user
        if isinstance(user, AnonymousUser):
            return None
        # REST framework exempts its views from the middleware's own check.
        refusal = _CsrfCheck(lambda _request: None).process_view(request._request, None, (), {})
        if refusal:
            raise ApiPermissionDenied(_("The CSRF token is missing or expired. Reload the page."))
        return user, None

    def authenticate_header(self, request) -> str:
        return 'Bearer realm="TrickyClip"'


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason

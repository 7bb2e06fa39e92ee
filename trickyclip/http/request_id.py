"""Gives each request an id, which connects a person's report with the lines in the log."""

import re
import secrets
import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.functional import SimpleLazyObject

from people.appearance import theme
from trickyclip.http import away
from trickyclip.shared import logs

#: Written by our proxies: trickyclip/http/proxy.py takes them away from everybody else.
HEADERS = ("HTTP_X_REQUEST_ID", "HTTP_CF_RAY")
_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Adds the request's id to its log lines and its answer."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.log_id = next(filter(None, (_given(request, name) for name in HEADERS)), None) or secrets.token_hex(8)
        with logs.about(request=request.log_id, member=lambda: member_of(request)):
            response = self.get_response(request)
            request.META[logs.KEPT_AS] = logs.facts_now()
        response.headers["X-Request-ID"] = request.log_id
        return response


def member_of(request: HttpRequest) -> str:
    """Return the member's id if it is known by now; never queries the database."""
    user = getattr(request, "_cached_user", None) or request.__dict__.get("user")
    is_known = user is not None and not isinstance(user, SimpleLazyObject) and user.is_authenticated
    return str(user.pk) if is_known else ""


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer with the page that shows the request's id, so that a person can report it; needs only its template.

    Django calls it while it handles the error, from wherever that came: a view, a middleware, the session.
    """
    error = sys.exc_info()[1]
    if away.is_away(error):
        return away.answer(request, error)
    page = loader.render_to_string("500.html", {"request_id": getattr(request, "log_id", ""), **theme(request)})
    return HttpResponse(page, status=500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read, in the clothes of the site; needs only its template."""
    return HttpResponse(loader.render_to_string("400.html", theme(request)), status=400)


def _given(request: HttpRequest, name: str) -> str:
    text = request.META.get(name, "")
    return text if _SAFE.fullmatch(text) else ""

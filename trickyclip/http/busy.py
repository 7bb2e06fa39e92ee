"""Answers 503 with ``Retry-After`` when the database cancelled a statement for the sake of others."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clips.jobs import locks

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 5


class BusyMiddleware:
    """Answers in the client's form: a page for people, JSON for the API, one line for page scripts and tus."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not locks.is_busy(error):
            return None
        logger.warning("The database was busy for too long: %s", type(error.__cause__).__name__)
        response = _answer(request, _("The server is busy. Nothing was changed; try again in a moment."))
        response["Retry-After"] = str(RETRY_AFTER_S)
        response["X-Busy"] = "1"  # for pages: the site is there, and only this request was given up
        return response


def _answer(request: HttpRequest, sentence: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": sentence}, status=503)
    if request.path.startswith(settings.PROGRAM_PATHS) or not _wants_page(request):
        return HttpResponse(sentence, status=503, content_type="text/plain; charset=utf-8")
    return render(request, "503.html", {"title": _("Busy"), "sentence": sentence}, status=503)


def _wants_page(request: HttpRequest) -> bool:
    """Return whether a browser opens a page, and not a script a part of it."""
    return not request.htmx and "text/html" in request.headers.get("Accept", "")

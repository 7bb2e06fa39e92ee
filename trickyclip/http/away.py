"""Answers 503 with ``Retry-After`` while PostgreSQL or Redis is away; pages reload by themselves.

A restart of a server is no fault of the request, so it is no 500. Nothing here may query the database, not even for the
member; the answer depends only on the request's own address and headers.
"""

import logging

import psycopg
import redis
from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError

from people.appearance import theme

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 5
#: What PostgreSQL says when it closes, starts, or lets nobody in for now (classes 08 and 57P, and 53300). A statement
#: that took too long or a deadlock is told by other codes: there the server is well.
AWAY_CODES = ("08", "57P", "53300")


def is_away(error: BaseException | None) -> bool:
    """Return whether an error says that a server cannot be reached, and not that a query was wrong."""
    while error is not None:
        if isinstance(error, redis.ConnectionError | redis.TimeoutError | BrokerError) or _is_lost(error):
            return True
        # Where a connection goes within a transaction, leaving that fails on top of it.
        error = error.__cause__ or (error.__context__ if isinstance(error, Error) else None)
    return False


def answer(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer that the site will be back in a moment, in a form that the client can use."""
    sentence = _("TrickyClip is restarting. Try again in a few seconds.")
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse({"detail": sentence}, status=503)
    elif request.path.startswith(settings.PROGRAM_PATHS):
        response = HttpResponse(sentence, status=503, content_type="text/plain; charset=utf-8")
    elif request.headers.get("HX-Request"):
        response = HttpResponse(loader.render_to_string("_away.html", {"sentence": sentence}), status=503)
    else:
        # To load a page again is to ask it again; what was to be written is sent again by a person alone.
        reloads = request.method in {"GET", "HEAD"}
        again = _("This page reloads by itself.") if reloads else _("Go back and try again in a few seconds.")
        context = {
            "title": _("Back in a moment"),
            "sentence": " ".join([_("TrickyClip is restarting."), again]),
            "retry_after_s": RETRY_AFTER_S if reloads else None,
        }
        response = HttpResponse(loader.render_to_string("503.html", context | theme(request)), status=503)
    # One line instead of a page of how we came here, which a busy site would write a hundred times a second.
    logger.warning("Away: %s", str(error).partition("\n")[0])
    response._has_been_logged = True
    response["Retry-After"] = str(RETRY_AFTER_S)
    response["Cache-Control"] = "no-store"
    return response


def _is_lost(error: BaseException) -> bool:
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate:
        return error.sqlstate.startswith(AWAY_CODES)
    is_interface = isinstance(error, psycopg.InterfaceError) and "connection" in str(error)
    return is_interface or isinstance(error, psycopg.OperationalError)

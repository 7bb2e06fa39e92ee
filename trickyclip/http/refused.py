"""Answers what is refused before the site reads it: too large, too many at once. Nothing here queries the database."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.cookie import parse_cookie
from django.template import loader
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from gunicorn.http.message import Request

from people.appearance import theme
from people.language import is_for_programs
from trickyclip.http.server.limits import TOO_LARGE

#: By their status; what has no title is told to programs alone.
TITLES = {
    413: _("Too large"),
    429: _("Too many requests"),
    503: _("Busy"),
}
#: The pages' own policy comes with Django's answers; this one is written without asking the site.
POLICY = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"


def answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """Return a refusal in the client's form: a page for people, JSON for the API, one line for scripts and tus."""
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse({"detail": f"{sentence}"}, status=status)
    elif status in TITLES and _wants_page(request):
        context = {"title": TITLES[status], "sentence": sentence, "leads_to_upload": status == 413, **theme(request)}
        response = HttpResponse(loader.render_to_string("413.html", context), status=status)
        response["Content-Security-Policy"] = POLICY
    else:
        response = HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def answer_unread(request: Request, status: int, sentence: str) -> HttpResponse:
    """Return a refusal of a request of which only the head was read, in the language that its browser asks for."""
    asked = HttpRequest()
    asked.method, asked.path = request.method, request.path
    asked.META = {f"HTTP_{name.replace('-', '_')}": value for name, value in request.headers}
    asked.COOKIES = parse_cookie(asked.META.get("HTTP_COOKIE", ""))
    language = settings.LANGUAGE_CODE if is_for_programs(asked) else translation.get_language_from_request(asked)
    with translation.override(language):
        return answer(asked, status, sentence)


@require_safe
def too_large(request: HttpRequest, refused: str) -> HttpResponse:
    """Answer in nginx's place what it refused for its size; ``refused`` is the path that was asked for."""
    request.path = f"/{refused}"
    return answer(request, 413, TOO_LARGE)


def _wants_page(request: HttpRequest) -> bool:
    is_page = not request.path.startswith(settings.PROGRAM_PATHS) and not request.headers.get("HX-Request")
    return is_page and "text/html" in request.headers.get("Accept", "")

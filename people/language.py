"""Decides the language of an answer: the member's own choice, or without one what the browser asks for.

What programs ask with a token, and the API, is always answered in English. Jobs and commands run in the language of
settings.LANGUAGE_CODE, so what they write into rows is English too; ``trickyclip.shared.retold`` says it again to
readers of other languages.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from people.models import Member

API_PATH = "/api/"
#: Below it, and for people all the same.
API_PAGE = "/api/docs"
#: Each language is called by its own name, for those who read no other.
CHOICES = {"": _("Like the browser"), **dict(settings.LANGUAGES)}
#: What has no words, and so no language.
WITHOUT_WORDS = ("image/", "video/", "audio/", "application/zip")


class LanguageMiddleware(LocaleMiddleware):
    """Activates the language that the browser asks for, and leaves none behind for the thread's next request."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return super().__call__(request)
        finally:
            translation.deactivate()

    def process_request(self, request: HttpRequest) -> None:
        if is_for_programs(request):
            _speak(request, settings.LANGUAGE_CODE)
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.headers.get("Content-Type", "").startswith(WITHOUT_WORDS):
            return response
        return super().process_response(request, response)


def is_for_programs(request: HttpRequest) -> bool:
    """Return whether a program asks, which is to find the same words whoever runs it."""
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    return (request.path.startswith(API_PATH) and request.path != API_PAGE) or scheme.lower() == "bearer"


def use(request: HttpRequest, member: Member) -> None:
    """Activate the language that a member chose; without a choice that of the browser stays."""
    if is_offered(member.language) and not is_for_programs(request):
        _speak(request, member.language)


def use_asked(request: HttpRequest) -> str:
    """Activate the language that the address names (``?language=de``), and return the one that is active then.

    For what a browser keeps under its address: the same address always answers in the same language.
    """
    asked = request.GET.get("language", "")
    if is_offered(asked):
        _speak(request, asked)
    return translation.get_language() or settings.LANGUAGE_CODE


def is_offered(code: str) -> bool:
    return code in dict(settings.LANGUAGES)


def _speak(request: HttpRequest, code: str) -> None:
    translation.activate(code)
    request.LANGUAGE_CODE = code

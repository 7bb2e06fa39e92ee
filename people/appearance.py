"""Keeps whether a browser's pages are dark or light, and in which language a member reads them.

Without a choice pages are as the device is, and speak as the browser asks.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from people.access import requires
from people.language import is_offered
from people.models import Role

COOKIE = "theme"
KEPT_S = 400 * 24 * 3600
THEMES = {"": _("Like the device"), "dark": _("Dark"), "light": _("Light")}


def theme(request: HttpRequest) -> dict[str, str]:
    """Return ``theme`` for all templates: "dark", "light", or "" for what the device asks for."""
    chosen = request.COOKIES.get(COOKIE, "")
    return {"theme": chosen if chosen in THEMES else ""}


@requires(Role.VIEWER)
@require_POST
def theme_choose(request: HttpRequest) -> HttpResponse:
    """Keep a choice in this browser; what is no theme means none."""
    response = redirect(reverse("people:account") + "#appearance")
    chosen = request.POST.get("theme", "")
    if chosen and chosen in THEMES:
        response.set_cookie(COOKIE, chosen, max_age=KEPT_S, samesite="Lax", httponly=True, secure=request.is_secure())
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response


@requires(Role.VIEWER)
@require_POST
def language_choose(request: HttpRequest) -> HttpResponse:
    """Keep the language that a member chose; what is no language means none."""
    asked = request.POST.get("language", "")
    request.user.choose_language(asked if is_offered(asked) else "")
    return redirect(reverse("people:account") + "#language")

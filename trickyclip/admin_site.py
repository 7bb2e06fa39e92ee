"""The admin site: its title, and the order of its lists."""

from collections.abc import Callable
from functools import wraps

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

#: Whom and what a crew curates most comes first.
APPS = ("people", "tricks", "clips")


class Site(AdminSite):
    site_header = site_title = "TrickyClip"
    index_title = _("Admin")

    def get_urls(self) -> list:
        """Leave out Django's redirect from a row to its page on the site: no row has one, and some ids break it."""
        return [entry for entry in super().get_urls() if getattr(entry, "name", None) != "view_on_site"]

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Refuse a NUL in any query: PostgreSQL accepts it in no text, and Django's filters pass it on."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if "%00" in request.GET.urlencode():
                raise BadRequest("A query may not contain NUL.")
            return inner(request, *args, **kwargs)

        return checked

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict]:
        """List within each app first what this member may change, then what they may only view."""
        listed = super().get_app_list(request, app_label)
        for app in listed:
            app["models"].sort(key=lambda model: not (model["perms"]["change"] or model["perms"]["add"]))
        return sorted(listed, key=lambda app: APPS.index(app["app_label"]) if app["app_label"] in APPS else len(APPS))

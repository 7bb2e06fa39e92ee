"""The admin as a whole: what it is called, and in which order it lists what is in it."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

#: Whom and what a crew curates most comes first.
APPS = ("people", "tricks", "clips")


class Site(AdminSite):
    site_header = site_title = "TrickyClip"
    index_title = _("Admin")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict]:
        """List within each app first what this member may change, and then what is there to be looked at."""
        listed = super().get_app_list(request, app_label)
        for app in listed:
            app["models"].sort(key=lambda model: not (model["perms"]["change"] or model["perms"]["add"]))
        return sorted(listed, key=lambda app: APPS.index(app["app_label"]) if app["app_label"] in APPS else len(APPS))

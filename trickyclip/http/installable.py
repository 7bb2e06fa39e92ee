"""Answers what makes the site an app on a phone: the manifest, the service worker, and the page without a connection.

None of the three knows who asks, so that a device keeps nothing of anybody in them. The worker lies at the root,
because a worker sees what lies below its own address only; its code is a static file, brought in under the version of
all others.
"""

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.language import use_asked

#: As in static/css/base.css: --ground and --raised.
GROUND, BAR = "#0d1117", "#151b23"
#: What the page without a connection is made of, and what each other page begins with.
SHELL = (
    "icon.svg",
    "css/base.css",
    "css/layout.css",
    "css/components.css",
    "css/toasts.css",
    "fonts/bricolage-grotesque-latin-wght-normal.woff2",
    "js/worker/offline.js",
    "js/sorting/store.js",
    "js/connection.js",
    "js/menus.js",
    "js/toasts.js",
    "vendor/htmx-2.0.11.min.js",
)
VIDEOS = ["video/*", ".mp4", ".mov", ".m4v"]


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Answer what a phone needs to install the site (W3C Web Application Manifest, with share_target)."""
    language = use_asked(request)
    return JsonResponse(
        {
            "id": "/",
            "name": "TrickyClip",
            "short_name": "TrickyClip",
            "description": _("Sort, find and share the crew’s clips."),
            "lang": language,
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": GROUND,
            "theme_color": BAR,
            "icons": [
                _icon("192"),
                _icon("512"),
                _icon("maskable-512") | {"purpose": "maskable"},
                {"src": static("icon.svg"), "type": "image/svg+xml", "sizes": "any"},
            ],
            "shortcuts": [
                {"name": _("Sort"), "url": reverse("clips:sort"), "icons": [_icon("192")]},
                {"name": _("Upload"), "url": reverse("clips:upload"), "icons": [_icon("192")]},
            ],
            "share_target": {
                "action": reverse("clips:upload_shared"),
                "method": "POST",
                "enctype": "multipart/form-data",
                "params": {"files": [{"name": "videos", "accept": VIDEOS}]},
            },
        },
        content_type="application/manifest+json",
    )


def _icon(name: str) -> dict[str, str]:
    side = name.rpartition("-")[2]
    return {"src": static(f"icons/{name}.png"), "type": "image/png", "sizes": f"{side}x{side}"}


@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """Answer the icon: browsers ask for it here where an answer is no page, and so names none."""
    icon = (settings.BASE_DIR / "static" / "icon.svg").read_bytes()
    return HttpResponse(icon, content_type="image/svg+xml")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Answer the worker; it changes with each version, which is how a browser knows that there is a new one.

    Another language is another worker, so that the page without a connection speaks that of the pages.
    """
    language = use_asked(request)
    shell = {
        "static": settings.STATIC_URL,
        "files": [static(name) for name in SHELL],
        "offline": f"{reverse('offline')}?language={language}",
        "language": language,
    }
    parts = ", ".join(json.dumps(static(f"js/worker/{name}.js")) for name in ("shared-videos", "worker"))
    lines = [f"const shell = {json.dumps(shell)};", f"importScripts({parts});", ""]
    return HttpResponse("\n".join(lines), content_type="text/javascript; charset=utf-8")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Answer the page that the worker shows while there is no connection."""
    use_asked(request)
    return render(request, "offline.html")

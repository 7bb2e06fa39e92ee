"""Sets the security headers of every answer in one place; a stricter one set by a view stays.

``Content-Security-Policy`` comes from django-csp; HSTS, ``nosniff``, COOP and the referrer policy from Django's own
middleware, by settings. A test asks every route for all of them.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

#: No page uses any of these, so a page that was tampered with cannot either.
NEVER_USED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
    "payment", "serial", "usb",
)  # fmt: skip
EVERYWHERE = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in NEVER_USED),
    "X-Permitted-Cross-Domain-Policies": "none",
}
#: What a browser kept it may show again only after it has asked. Not "no-store", which would make each step back in
#: the browser a reload; pages that show a secret say "no-store" themselves.
PAGES = "private, no-cache"


class HeadersMiddleware:
    """Adds the missing headers."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in EVERYWHERE.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", PAGES)
        return response

"""URLs of the whole site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from clips.web import home
from people.access import public, requires
from people.curating.routes import routes_of
from people.models import Role
from tricks.curating import TRICKS
from tricks.views import pick as pick_trick
from trickyclip.http import health, installable, refused, stylesheet
from trickyclip.runtime import metrics

watch = requires(Role.VIEWER)

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("people.urls")),
    # The tricks know nothing of members, so who may ask for them is said here.
    path("", include(([path("tricks/pick", watch(pick_trick), name="pick"), *routes_of(TRICKS)], "tricks"))),
    path("", include("clips.urls")),
    path("api/", include("clips.api.urls")),
    # Django's own page for it would neither be as the rest nor in the audit trail.
    path("admin/password_change/", watch(RedirectView.as_view(pattern_name="people:account")), name="admin_password"),
    path("admin/", admin.site.urls),
    path("manifest.webmanifest", public(installable.manifest), name="manifest"),
    path("service-worker.js", public(installable.service_worker), name="service_worker"),
    path("offline", public(installable.offline), name="offline"),
    path("styles/<str:version>.css", public(stylesheet.stylesheet), name="stylesheet"),
    path("too-large/<path:refused>", public(refused.too_large), name="too_large"),
    path("favicon.ico", public(installable.favicon), name="favicon"),
    path("healthz", public(health.healthz), name="healthz"),
    path("readyz", public(health.readyz), name="readyz"),
    path("metrics", public(metrics.metrics), name="metrics"),
]

handler400 = "trickyclip.http.request_id.bad_request"
handler500 = "trickyclip.http.request_id.server_error"

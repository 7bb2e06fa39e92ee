from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from people.access import public, requires
from people.models import Role
from trickyclip import health

watch = requires(Role.VIEWER)

urlpatterns = [
    path("", watch(RedirectView.as_view(pattern_name="clips:upload")), name="home"),
    path("", include("people.urls")),
    path("", include("clips.urls")),
    path("api/", include("clips.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", public(health.healthz), name="healthz"),
    path("readyz", public(health.readyz), name="readyz"),
]

admin.site.site_header = "TrickyClip"
admin.site.site_title = "TrickyClip"

"""URLs of the app, room by room; they share the namespace ``clips``."""

from django.urls import include, path

app_name = "clips"

ROOMS = ("ingest", "previews", "sharing", "library", "reels", "sorting", "web", "integrity")

urlpatterns = [path("", include(f"clips.{room}.urls")) for room in ROOMS]

"""URLs of the app, room by room; they share the namespace ``clips``."""

from django.urls import include, path

app_name = "clips"

#: Edits before sharing: their links are a kind of their own of the addresses behind "/s/".
ROOMS = (
    "archive", "ingest", "previews", "reels", "sharing", "library", "sorting", "season", "talk", "web", "integrity",
    "demo",
)  # fmt: skip

urlpatterns = [path("", include(f"clips.{room}.urls")) for room in ROOMS]

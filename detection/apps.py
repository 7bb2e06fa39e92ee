"""App that registers the job that searches videos for moments."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DetectionConfig(AppConfig):
    name = "detection"
    verbose_name = _("Detection")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from clips.jobs import registry
        from clips.models import JobKind
        from clips.reels.rendering import find_riders_with

        registry.register(JobKind.DETECT, registry.Step("detect", "detect", (JobKind.POSTER,), reads_original=True))
        find_riders_with("detection.follow:rider_paths")

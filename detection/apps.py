"""App that registers the jobs that search videos for moments, and for other cameras that filmed the same."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DetectionConfig(AppConfig):
    name = "detection"
    verbose_name = _("Detection")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from clips.jobs import registry
        from clips.models import JobKind
        from clips.previews.traits import measure_with
        from clips.reels.rendering import find_riders_with
        from clips.sorting.suggestions import suggest_with
        from detection.pairing import WAITS_AT_MOST, sound_bytes
        from detection.suggestions.suggest import LEAST_KEPT, suggest

        then = (JobKind.POSTER,)
        registry.register(JobKind.DETECT, registry.Step("detect", "detect", then, reads_original=True))
        pair = registry.Step(
            "pair", "detect", reads_original=True, when_idle=True, waits_at_most=WAITS_AT_MOST,
            room_bytes=lambda job: sound_bytes(job.original_file),
        )  # fmt: skip
        registry.register(JobKind.PAIR, pair)
        look = registry.Step("look_closer", "detect", then, reads_original=True, when_idle=True)
        registry.register(JobKind.LOOK, look)
        registry.register(JobKind.LEARN, registry.Step("learn", "light"))
        find_riders_with("detection.follow:rider_paths")
        measure_with("detection.suggestions.measure:traits_of")
        suggest_with(suggest, least=LEAST_KEPT)

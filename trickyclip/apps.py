from django.apps import AppConfig
from django.conf import settings


class TrickyClipConfig(AppConfig):
    name = "trickyclip"
    verbose_name = "TrickyClip"

    def ready(self) -> None:
        # Web processes publish through the Celery app, and the checks are registered by being imported.
        from trickyclip import celery, checks, error_reports  # noqa: F401

        error_reports.start(settings.SENTRY_DSN, release=settings.RELEASE)

"""App of the project itself: its checks, and the admin site."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin_apps


class TrickyClipConfig(AppConfig):
    name = "trickyclip"
    verbose_name = "TrickyClip"

    def ready(self) -> None:
        # Web processes publish through the Celery app, and the checks are registered by being imported.
        from trickyclip import celery, checks  # noqa: F401
        from trickyclip.runtime import error_reports

        error_reports.start(settings.SENTRY_DSN, release=settings.RELEASE)


class TrickyClipAdminConfig(admin_apps.AdminConfig):
    default = False  # of this package's two the one above is meant by its name alone
    default_site = "trickyclip.admin_site.Site"

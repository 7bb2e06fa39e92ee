"""App of the project itself: its checks, and the admin site."""

import atexit
import gc

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
        _leave_code_out_of_the_garbage_collection()


def _leave_code_out_of_the_garbage_collection() -> None:
    """Keep what was imported out of every collection, and all there is out of the last one.

    Python would look through all of it as each process ends: half a second of a processor, and for a site that stops,
    seconds with every program at once, until supervisord kills them.
    """
    gc.freeze()
    gc.enable()  # off since the settings were read
    atexit.register(gc.freeze)


class TrickyClipAdminConfig(admin_apps.AdminConfig):
    default = False  # of this package's two the one above is meant by its name alone
    default_site = "trickyclip.admin_site.Site"

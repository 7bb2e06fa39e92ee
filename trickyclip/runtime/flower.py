"""Runs Flower with every page behind its password: ``python -m trickyclip.runtime.flower``.

Flower 2.2 asks for the password in each view, but not for ``/metrics``: anybody who reaches the port would see every
worker's and task's name. Here nothing is answered before the password but the health check, which says "OK" and nothing
else, and the pages' static files.
"""

import gc
import logging.config
import os
import sys

from celery import Celery
from celery.__main__ import main
from django.conf import settings
from flower.views import BaseHandler
from flower.views.monitor import Healthcheck
from tornado.web import HTTPError

from trickyclip.runtime import error_reports

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trickyclip.settings")
#: It needs the address of the broker alone: without rows and tasks it starts in half the time and takes 45 MB
#: less for as long as the site runs.
app = Celery("trickyclip", fixups=(), set_as_current=False)  # whoever only imports this goes on with the site's own
app.config_from_object("django.conf:settings", namespace="CELERY")


def prepare(handler: BaseHandler) -> None:
    """Refuse requests without the password before any view begins."""
    if not isinstance(handler, Healthcheck) and not handler.current_user:
        raise HTTPError(401)


BaseHandler.prepare = prepare

if __name__ == "__main__":
    logging.config.dictConfig(settings.LOGGING)
    error_reports.start(settings.SENTRY_DSN, release=settings.RELEASE)
    gc.freeze()
    gc.enable()  # off since the settings were read
    sys.exit(main())

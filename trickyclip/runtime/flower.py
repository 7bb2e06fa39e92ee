"""Runs Flower with every page behind its password: ``python -m trickyclip.runtime.flower``.

Flower 2.2 asks for the password in each view, but not for ``/metrics``: anybody who reaches the port would see every
worker's and task's name. Here nothing is answered before the password but the health check, which says "OK" and nothing
else, and the pages' static files.
"""

import sys

from celery.__main__ import main
from flower.views import BaseHandler
from flower.views.monitor import Healthcheck
from tornado.web import HTTPError


def prepare(handler: BaseHandler) -> None:
    """Refuse requests without the password before any view begins."""
    if not isinstance(handler, Healthcheck) and not handler.current_user:
        raise HTTPError(401)


BaseHandler.prepare = prepare

if __name__ == "__main__":
    sys.exit(main())

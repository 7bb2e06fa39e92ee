"""Flower, every page behind its password; run as ``python -m trickyclip.runtime.flower``, else as ``celery flower``.

Flower 2.2 asks for the password in each view by itself, and its ``/metrics`` does not: anybody who reaches the port
would be told every worker's and task's name. Here nothing is answered before the password but the health check, which
says "OK" and nothing else, and the files of the pages' looks.
"""

import sys

from celery.__main__ import main
from flower.views import BaseHandler
from flower.views.monitor import Healthcheck
from tornado.web import HTTPError


def prepare(handler: BaseHandler) -> None:
    """Refuse whoever does not say the password, before any view begins."""
    if not isinstance(handler, Healthcheck) and not handler.current_user:
        raise HTTPError(401)


BaseHandler.prepare = prepare

if __name__ == "__main__":
    sys.exit(main())

"""Formats the web server's own log lines like all others."""

import logging
import logging.config
from datetime import timedelta

from django.conf import settings
from gunicorn.glogging import Logger

from trickyclip.shared.logs import KEPT_AS


class WebLog(Logger):
    """Writes through the site's logging: readable or JSON, without secrets, with the client's own address."""

    def setup(self, cfg: object) -> None:
        logging.config.dictConfig(settings.LOGGING)  # before Django is loaded, so that the first lines look alike
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True

    def access(self, resp: object, req: object, environ: dict, request_time: timedelta) -> None:
        if not settings.ACCESS_LOG:
            return
        said = {
            "method": environ["REQUEST_METHOD"],
            "path": environ.get("RAW_URI", ""),
            "status": str(resp.status).partition(" ")[0],
            "bytes": getattr(resp, "sent", None) or 0,
            "ms": round(request_time / timedelta(milliseconds=1)),
            "client": environ.get("REMOTE_ADDR") or "-",
        }
        line = "%(method)s %(path)s %(status)s, %(bytes)d bytes in %(ms)d ms to %(client)s"
        self.access_log.info(line, said, extra={"about": environ.get(KEPT_AS)})

    def reopen_files(self) -> None:
        """Do nothing, since there are no log files."""

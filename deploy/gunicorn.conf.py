"""How the web server works, on a laptop as in production; ``--bind`` comes with the command line."""

import gc
import os

wsgi_app = "trickyclip.wsgi"
logger_class = "trickyclip.web_log.WebLog"
worker_class = "gthread"  # a slow upload holds a thread and not a process
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
preload_app = True  # the workers share what they have not changed: about a third of their memory
timeout = 60  # for a worker that no longer reports; how long one request takes does not matter here
graceful_timeout = 4  # below the patience of the supervisor, so that the last answers still go out
keepalive = 20  # a page asks for many small files
max_requests = 0  # a worker that left after so many requests would cut uploads off
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - heartbeats on no disk
control_socket_disable = True
# By itself it believes a tunnel on this machine everything, and a tunnel passes on what a client wrote: by SCRIPT_NAME
# a request would get another path than the one that was checked in front. trickyclip/proxy.py decides instead.
forwarder_headers = ""
secure_scheme_headers = {}


def when_ready(_server: object) -> None:
    """Take what was loaded before the workers are forked out of the garbage collector's sight.

    A full collection otherwise walks all of Django again and again: some 90 ms, felt as a page that is slow at times.
    It also leaves the shared memory shared.
    """
    gc.collect()
    gc.freeze()


def pre_request(_worker: object, request: object) -> None:
    """Let no body hold its thread in silence: as many stalled phones as threads would be a site that is down.

    Only requests with a body get a limit, because a paused video player rightly leaves its answer unread for minutes.
    """
    from django.conf import settings

    has_body = any(name in {"CONTENT-LENGTH", "TRANSFER-ENCODING"} and value != "0" for name, value in request.headers)
    if has_body:
        request.unreader.sock.settimeout(settings.UPLOAD_STALL_SECONDS)

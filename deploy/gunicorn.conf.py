"""Configures the web server, for a laptop and for production; ``--bind`` comes with the command line."""

import gc
import os

wsgi_app = "trickyclip.wsgi"
logger_class = "trickyclip.http.server.log.WebLog"
worker_class = "trickyclip.http.server.worker.Worker"  # its threads for pages wait for no client
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_connections = 512  # in each process; every one is a file, of which a process has 1024
# Its threads share so many connections to the database: each of those for pages has one, uploads share the rest. All
# processes together leave enough of PostgreSQL's 60 to everyone else, however many threads they have.
os.environ.setdefault("DATABASE_CONNECTIONS", str(max(1, min(threads + 4, 36 // workers))))
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
    """Exclude what was loaded before the fork from garbage collection.

    A full collection otherwise walks all of Django again and again: some 90 ms, felt as a page that is slow at times.
    It also leaves the shared memory shared.
    """
    gc.collect()
    gc.freeze()


def worker_exit(_server: object, _worker: object) -> None:
    """End the pool's own threads, which would otherwise be waited for."""
    from django.db import connection

    connection.close_pool()

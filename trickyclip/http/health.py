"""Health probes for monitoring. Never a redirect: a login page would look healthy."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from redis import Redis, RedisError

from clips.media.sandbox import confine
from clips.models import Job
from clips.storage.files import free_bytes
from trickyclip.http.proxy import as_address, written_by_proxies

logger = logging.getLogger(__name__)

#: A due job that nobody has taken for so long means that no worker takes any.
STUCK_AFTER_S = 1800


def healthz(request: HttpRequest) -> HttpResponse:
    """Report that this process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Report whether the parts work: 200 or 503. Needs a login from outside, since it describes the machine."""
    if asks_from_outside(request) and not request.user.is_authenticated:
        return JsonResponse({"detail": "Log in, or ask from the machine itself."}, status=401)
    checks = {name: _outcome(check) for name, check in CHECKS.items()}
    ready = all(outcome["ok"] for outcome in checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def asks_from_outside(request: HttpRequest) -> bool:
    """Return whether the request came from another machine, or through a proxy or a tunnel."""
    peer = as_address(request.META.get("REMOTE_ADDR", ""))
    return bool(written_by_proxies(request.META)) or not (peer is None or peer.is_loopback)


def _outcome(check: Callable[[], tuple[bool, str]]) -> dict[str, object]:
    try:
        ok, says = check()
    except (DatabaseError, RedisError, OSError) as error:
        logger.warning("Not ready: %s", error)
        ok, says = False, "cannot be reached"
    return {"ok": ok, "says": says}


def _database() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True, "answers"


def _broker() -> tuple[bool, str]:
    with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as redis:
        redis.ping()
    return True, "answers"


def _disk() -> tuple[bool, str]:
    free_gb = free_bytes() / 1e9
    return (
        free_gb > 0,
        f"{free_gb:.1f} GB above the floor" if free_gb > 0 else f"{-free_gb:.1f} GB below the floor",
    )


def _jobs() -> tuple[bool, str]:
    oldest = Job.objects.due().order_by("run_after").values_list("run_after", flat=True).first()
    if oldest is None:
        return True, "no job waits"
    waited_s = (timezone.now() - oldest).total_seconds()
    return waited_s < STUCK_AFTER_S, f"the oldest job waits for {waited_s:.0f} s"


def _sandbox() -> tuple[bool, str]:
    return not confine.refusal(), confine.says()


CHECKS = {"database": _database, "broker": _broker, "disk": _disk, "jobs": _jobs, "sandbox": _sandbox}

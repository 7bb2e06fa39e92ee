"""Limits failed logins, on top of django-axes, which counts and refuses.

Three limits, each within ``COOL_OFF`` of the last failure: one account from one address, one address over all accounts,
one account from everywhere. Failures of a locked pair are not counted any further, so one person's mistakes use up a
tenth of what their address has, and the rest of the crew behind it can log in. Whoever is logged in stays so, valid
tokens always work, and a link from an admin lets in at once: the throttle stops guessing and locks nobody out.
"""

import hashlib
from datetime import timedelta
from ipaddress import ip_address, ip_network
from math import ceil

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people import audit
from people.models import Member

#: In the order of AXES_LOCKOUT_PARAMETERS: account and address together, the address, the account.
LIMITS = (5, 50, 100)
COOL_OFF = timedelta(minutes=15)
#: What one connection is given of IPv6; whoever has one can use any address in it.
IPV6_PREFIX = 64


class Handler(AxesDatabaseHandler):
    """Axes with its own limit for each of its parameters."""

    def get_failures(self, request: HttpRequest, credentials: dict | None = None) -> int:
        """Return the failures scaled to the first limit, which is the one that axes compares with."""
        sums = (rows.aggregate(n=Sum("failures_since_start"))["n"] or 0 for rows in self._rows(request, credentials))
        return max(n * LIMITS[0] // limit for n, limit in zip(sums, LIMITS, strict=True))

    def user_login_failed(self, sender: object, credentials: dict, request: HttpRequest = None, **more: object) -> None:
        """Count and log the failure; attempts during a lockout are neither counted nor logged."""
        if request is not None and not request.axes_locked_out:
            name = credentials.get("username") or ""
            # Not what was typed: it may be a password in the wrong field.
            audit.note(audit.Action.LOGIN_FAILED, Member.objects.filter(username__iexact=name.strip()[:40]).first())
        super().user_login_failed(sender, credentials, request, **more)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict | None = None) -> int:
        """Forget the failures of the member who logged in, but not those of others at the same address."""
        return self._rows(request, credentials)[0].delete()[0]

    def free_at(self, request: HttpRequest, credentials: dict | None = None) -> timezone.datetime:
        """Return when the next attempt is allowed."""
        latest = [
            found["last"]
            for rows, limit in zip(self._rows(request, credentials), LIMITS, strict=True)
            if (found := rows.aggregate(n=Sum("failures_since_start"), last=Max("attempt_time")))["last"]
            and found["n"] >= limit
        ]
        return max(latest, default=timezone.now()) + COOL_OFF

    def _rows(self, request: HttpRequest, credentials: dict | None) -> list:
        return self.get_user_attempts(request, credentials)


def account_key(request: HttpRequest, credentials: dict | None) -> str:
    """Return the key that failures are counted under. A hash, because people type passwords into the wrong field."""
    name = (credentials or {}).get("username") or request.POST.get("username") or ""
    return hashlib.sha256(str(name).strip().casefold().encode()).hexdigest()


def address_key(request: HttpRequest) -> str | None:
    """Return the client's address; for IPv6, its network."""
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return None
    if address.version == 4:
        return str(address)
    return str(ip_network((address, IPV6_PREFIX), strict=False).network_address)


def is_locked(request: HttpRequest, name: str) -> bool:
    return not AxesProxyHandler.is_allowed(request, {"username": name})


def count_failure(request: HttpRequest, name: str) -> None:
    """Count failures outside Django's ``authenticate``: a wrong second factor, a wrong token."""
    AxesProxyHandler.user_login_failed(sender=AccessAttempt, credentials={"username": name}, request=request)


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict | None) -> HttpResponse:
    """Answer after too many failures: when to try again, and what helps at once."""
    wait = AxesProxyHandler.get_implementation().free_at(request, credentials) - timezone.now()
    seconds = max(1, ceil(wait.total_seconds()))
    minutes = ceil(seconds / 60)
    one, many = "Try again in %(n)d minute.", "Try again in %(n)d minutes."
    when = ngettext(one, many, minutes) % {"n": minutes}
    if request.path.startswith(settings.PROGRAM_PATHS):
        sentence = _("Too many failed attempts from this address.")
        return JsonResponse({"detail": f"{sentence} {when}"}, status=429, headers={"Retry-After": str(seconds)})
    page = render(request, "people/locked.html", {"when": when}, status=429)
    page["Retry-After"] = str(seconds)
    return page

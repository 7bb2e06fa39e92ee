"""Finds the client's address and scheme when a proxy or a tunnel stands in front of the site.

Anybody may write any header, so only those from our own proxies are believed (``TRUSTED_PROXIES``). Behind this
middleware ``REMOTE_ADDR`` is the client's own address, for throttles, logs and the audit trail alike.
"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

#: What proxies write of the client and of themselves. From anybody else it is a claim, and is taken away before
#: somebody believes it; with any of it a request did not begin on this machine.
FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_CLIENT_IP",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_X_ORIGINAL_FORWARDED_FOR",
    "HTTP_X_ORIGINAL_HOST",
    "HTTP_FASTLY_CLIENT_IP",
    "HTTP_FLY_CLIENT_IP",
    "HTTP_X_ENVOY_EXTERNAL_ADDRESS",
    "HTTP_X_AMZN_TRACE_ID",
    "HTTP_X_REQUEST_ID",
    "HTTP_CDN_LOOP",
)
#: Families of such headers, of which each vendor has some more.
FORWARDED_PREFIXES = ("HTTP_X_FORWARDED", "HTTP_CF_", "HTTP_X_AZURE_", "HTTP_X_APPENGINE_")


class ProxyMiddleware:
    """Replaces the proxy's address with the client's."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response
        self.proxies = Proxies(settings.TRUSTED_PROXIES)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        if not self.proxies.trusts(meta.get("REMOTE_ADDR", "")):
            for name in written_by_proxies(meta):
                del meta[name]
        elif client := self.proxies.client(meta):
            meta["REMOTE_ADDR"] = str(client)
        return self.get_response(request)


class Proxies:
    """The proxies in front of the site, by address or network."""

    def __init__(self, networks: list[str]) -> None:
        self._networks = [ip_network(text, strict=False) for text in networks]

    def trusts(self, text: str) -> bool:
        """Return whether a peer is one of our proxies; one without an address came through a local socket file."""
        if not text:
            return True
        address = as_address(text)
        return address is not None and any(address in network for network in self._networks)

    def client(self, meta: dict[str, str]) -> IPv4Address | IPv6Address | None:
        """Return the last address in ``X-Forwarded-For`` that is none of our proxies; anybody may have written those
        before.

        ``CF-Connecting-IP`` counts only where that list is missing: every proxy of ours writes the list, but nginx
        would pass a ``CF-Connecting-IP`` on as its client sent it.
        """
        listed = [part for part in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        for text in reversed(listed):
            if not self.trusts(text.strip()):
                return as_address(text)
        # A chain of nothing but our own proxies begins at the first of them: somebody on that machine asks.
        return as_address(listed[0] if listed else meta.get("HTTP_CF_CONNECTING_IP", ""))


def written_by_proxies(meta: Mapping[str, object]) -> list[str]:
    """Return the request headers, as keys of its ``META``, that proxies and tunnels write."""
    return [name for name in meta if name in FORWARDED or name.startswith(FORWARDED_PREFIXES)]


def as_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address as it is written in headers; None if it is none."""
    try:
        address = ip_address(text.strip().removeprefix("[").partition("]")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address

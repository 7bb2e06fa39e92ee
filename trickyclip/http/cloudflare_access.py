"""Verifies the Cloudflare Access token of each request, if Access stands in front of the site.

Without this check a way around the tunnel (another tunnel, a port that was opened by mistake) would be a way around
Access. Active if ``ACCESS_TEAM_URL`` and ``ACCESS_AUDIENCE`` are set. The login of the site comes after it. Format and
keys: developers.cloudflare.com, "Validate JWTs".
"""

import logging
import threading
import time
from collections.abc import Callable

import jwt
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed, PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

HEADER, COOKIE = "Cf-Access-Jwt-Assertion", "CF_Authorization"
#: Asked by probes on the machine, or by people who have a link and no account: those have rules of their own.
OPEN_PATHS = ("/healthz", "/readyz", "/metrics", "/s/", "/static/")
CLOCKS_DIFFER_S = 30
#: Keys are asked for anew after an hour, and when a token names one that is not known: Access changes them every six
#: weeks. Not more often than each half minute, or anybody could make us ask by inventing names.
KEYS_LAST_S, NOT_AGAIN_S, PATIENCE_S = 3600, 30, 5


class CloudflareAccessMiddleware:
    """Lets only requests through that passed Access."""

    def __init__(self, get_response: Callable) -> None:
        if not (settings.ACCESS_TEAM_URL or settings.ACCESS_AUDIENCE):
            raise MiddlewareNotUsed
        if not (settings.ACCESS_TEAM_URL and settings.ACCESS_AUDIENCE):
            raise ImproperlyConfigured("Set both ACCESS_TEAM_URL and ACCESS_AUDIENCE, or neither.")
        self.get_response = get_response
        self.issuer = settings.ACCESS_TEAM_URL.rstrip("/")
        self.keys = Keys(f"{self.issuer}/cdn-cgi/access/certs")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN_PATHS):
            return self.get_response(request)
        try:
            self.check(request.headers.get(HEADER) or request.COOKIES.get(COOKIE, ""))
        except jwt.PyJWTError as error:
            logger.warning("Cloudflare Access: refused %s: %s", request.META.get("REMOTE_ADDR"), error)
            sentence = _("This request did not come through Cloudflare Access. Open the site at its usual address.")
            if request.path.startswith(settings.PROGRAM_PATHS):
                return JsonResponse({"detail": sentence}, status=403)
            raise PermissionDenied(sentence) from error
        return self.get_response(request)

    def check(self, token: str) -> dict:
        """Return the claims of a token. PyJWTError if it is not for this site, not from Access, or expired."""
        key = self.keys.named(jwt.get_unverified_header(token).get("kid", ""))
        return jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=settings.ACCESS_AUDIENCE,
            issuer=self.issuer,
            leeway=CLOCKS_DIFFER_S,
            options={"require": ["exp", "iat", "aud", "iss"]},
        )


class Keys:
    """The public keys of Access, by name. Known keys stay valid while Access cannot be reached."""

    def __init__(self, address: str) -> None:
        self._client = jwt.PyJWKClient(address, cache_jwk_set=False, timeout=PATIENCE_S)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at = self._known_at = float("-inf")
        self._one_at_a_time = threading.Lock()

    def named(self, name: str) -> jwt.PyJWK:
        """Return a key. InvalidTokenError if Access has none of this name."""
        with self._one_at_a_time:
            now = time.monotonic()
            is_old = name not in self._keys or now - self._known_at > KEYS_LAST_S
            if is_old and now - self._asked_at > NOT_AGAIN_S:
                self._asked_at = now
                self._ask()
        if name not in self._keys:
            raise jwt.InvalidTokenError("it is signed with a key unknown to Access")
        return self._keys[name]

    def _ask(self) -> None:
        try:
            found = self._client.get_jwk_set()
        except jwt.PyJWTError as error:
            logger.warning("The keys of Cloudflare Access cannot be read: %s", error)
            return
        self._keys = {key.key_id: key for key in found.keys if key.key_id}
        self._known_at = time.monotonic()

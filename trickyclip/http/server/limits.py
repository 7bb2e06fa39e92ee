"""Limits concurrent requests and connections per client, by a request's head, before any of its body is read."""

from collections import Counter
from ipaddress import IPv6Address, ip_network

from django.utils.translation import gettext_lazy as _
from gunicorn.http.message import Request

from trickyclip.http.proxy import Proxies, as_address
from trickyclip.http.server.connection import Line

#: For all but uploads; the longest form and API call have a tenth of it. As in deploy/nginx.conf. What Django keeps in
#: memory is more (FILE_UPLOAD_MAX_MEMORY_SIZE), so that no request makes a temporary file.
BODY_MAX_BYTES = 1024**2
#: Of such bodies in one process, still on their way or being answered.
BODIES_MAX_BYTES = 32 * 1024**2
#: Where a phone shares videos, which its service worker takes over (clips/ingest/views.py); and for one without it.
SHARED_PATH = "/upload/shared"
NOT_SHARED = _("Sharing wasn’t ready on this phone. Open TrickyClip, then Upload, and choose the videos there.")
TOO_LARGE = _("More than 1 MB was sent at once, and nothing was changed. Send less, or add videos on the Upload page.")
TOO_MUCH = _("The server is receiving too much at once. Try again in a few seconds.")
TOO_MANY = _("Too many requests at once. Try again in a few seconds.")
#: gunicorn's own: its longest request line, and as many bytes of headers as browsers and proxies ever send.
HEAD_MAX_BYTES = 32 * 1024


class RefusedError(Exception):
    """A request that is refused unread, with a status and one sentence."""

    def __init__(self, status: str, sentence: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.retry_after_s = status, sentence, retry_after_s


class Limits:
    """Counts connections and requests in progress, by address and in all. Only the loop's thread may call it."""

    def __init__(self, *, proxies: Proxies, at_once: int, upload_path: str, upload_type: str) -> None:
        self._proxies, self._at_once = proxies, at_once
        self._upload_path, self._upload_type = upload_path, upload_type
        self._n_of: Counter[str] = Counter()
        self._held_bytes = 0

    def connect(self, line: Line) -> bool:
        """Count a new connection; False if its address has too many. Connections of our proxies come from everybody."""
        if self._proxies.trusts(line.peer):
            return True
        address = whose(line.peer)
        if self._n_of[address] >= self._at_once:
            return False
        line.counted_as = address
        self._n_of[address] += 1
        return True

    def disconnect(self, line: Line) -> None:
        self.leave(line)
        self._uncount(line.counted_as)
        line.counted_as = None

    def enter(self, line: Line, request: Request) -> int:
        """Let a request in, and return the length of its body.

        Raises
        ------
        RefusedError
            If its body is too long or of no known length, or there is too much in progress.
        """
        headers = dict(request.headers)
        if "TRANSFER-ENCODING" in headers:
            raise RefusedError("411 Length Required", "Send Content-Length.")
        length_bytes = int(headers.get("CONTENT-LENGTH", 0))
        if not self.is_upload(request):
            self._hold(line, request, length_bytes)
        if line.counted_as is None:
            self._count_request(line, request)
        return length_bytes

    def leave(self, line: Line) -> None:
        """Stop counting a request that was answered or aborted."""
        self._held_bytes -= line.held_bytes
        line.held_bytes = 0
        self._uncount(line.asks_for)
        line.asks_for = None

    def is_upload(self, request: Request) -> bool:
        """Return whether a body is streamed to disk; the upload itself limits its length."""
        is_of_type = any(name == "CONTENT-TYPE" and value == self._upload_type for name, value in request.headers)
        return is_of_type and request.path.startswith(self._upload_path)

    def _hold(self, line: Line, request: Request, length_bytes: int) -> None:
        if length_bytes > BODY_MAX_BYTES:
            if request.path == SHARED_PATH:
                raise RefusedError("413 Content Too Large", NOT_SHARED)
            raise RefusedError("413 Content Too Large", TOO_LARGE)
        if self._held_bytes + length_bytes > BODIES_MAX_BYTES:
            raise RefusedError("503 Service Unavailable", TOO_MUCH, retry_after_s=5)
        line.held_bytes = length_bytes
        self._held_bytes += length_bytes

    def _count_request(self, line: Line, request: Request) -> None:
        """Count a request that came through one of our proxies for the client that it names."""
        told: dict[str, str] = {}
        for name, value in request.headers:
            key = f"HTTP_{name.replace('-', '_')}"
            told[key] = f"{told[key]},{value}" if key in told else value
        client = whose(str(self._proxies.client(told) or line.peer))
        if self._n_of[client] >= self._at_once:
            raise RefusedError("429 Too Many Requests", TOO_MANY, retry_after_s=5)
        line.asks_for = client
        self._n_of[client] += 1

    def _uncount(self, address: str | None) -> None:
        if address is not None:
            self._n_of[address] -= 1
            if not self._n_of[address]:
                del self._n_of[address]


def whose(text: str) -> str:
    """Return the key that an address is counted under; for IPv6 its /64 network, which one household has."""
    address = as_address(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address or text)

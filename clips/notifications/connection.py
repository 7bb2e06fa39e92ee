"""Sends one HTTPS request to an address that an admin typed, and to nowhere else. Knows no Django.

Somebody who may set a webhook must not be able to reach the machine's own services with it. So the host's addresses are
looked up once, each of them is checked, and the connection goes to the checked one; redirects are not followed. The
standard library's client does this in a few lines, whereas requests or urllib3 would look the name up a second time.
"""

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
#: All of an answer that is read; a webhook's says at most why it refuses.
MOST_BYTES = 8 * 1024
LONGEST_ANSWER_S = 15.0
#: What a network without IPv4 reaches the rest of the internet by (NAT64): judged by what it leads to.
TRANSLATED = ip_network("64:ff9b::/96")
GIVEN_OUT = ip_network("2000::/3")
#: Older ways of writing an IPv4 address into an IPv6 one: "compatible" (RFC 4291) and "translated" (RFC 2765).
ENDS_IN_IPV4 = (ip_network("::/96"), ip_network("::ffff:0:0:0/96"))
#: The middle of an address that tunnels to the IPv4 address at its end within a site (RFC 5214), but for two bits.
ISATAP = 0x0000_5EFE
#: Led to whichever machine nearby said that it relays to IPv6 (RFC 7526).
RELAY = ip_network("192.88.99.0/24")
#: For documents (RFC 9637), and not yet known as such to Python 3.11.
DOCUMENTS = ip_network("3fff::/20")


class RefusedAddressError(Exception):
    """The site may not connect to this address. The text is one sentence."""


class NotSentError(Exception):
    """The request did not reach anybody and may be sent again. The text is one sentence."""


class NoAnswerError(Exception):
    """The request may or may not have arrived. The text is one sentence."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


def check_url(url: str, *, private: bool) -> None:
    """Raise RefusedAddressError if it is not a webhook's address, without a name lookup."""
    parts = urlsplit(url)
    try:
        _port = parts.port
    except ValueError as error:
        raise RefusedAddressError("The port of this address must be a number from 1 to 65535.") from error
    if parts.scheme not in ({"https", "http"} if private else {"https"}) or not parts.hostname:
        raise RefusedAddressError("A webhook's address must start with https:// and a host name.")
    if parts.username or parts.password:
        raise RefusedAddressError("A webhook's address may not contain a username or password.")


def post(url: str, body: bytes, headers: dict[str, str], *, private: bool = False) -> Answer:
    """Send a body and return the answer; ``private`` also allows machines of an inner network.

    Raises
    ------
    RefusedAddressError
        If the address is not allowed.
    NotSentError, NoAnswerError
        If nothing was sent; or if that cannot be told.
    """
    check_url(url, private=private)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    sock = connected(parts.hostname, port, private=private)
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT_S)
    try:
        if parts.scheme == "https":
            sock = _secured(sock, parts.hostname)
        connection.sock = sock
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        try:
            connection.request("POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, _text(answer))
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(f"{parts.hostname} did not answer: {_words(error)}.") from error
    finally:
        connection.close()
        sock.close()


def connected(host: str, port: int, *, private: bool) -> socket.socket:
    """Return a connection to a host whose addresses were checked; errors as of ``post``."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotSentError(f"{host} was not found. Check its name, and that this server is online.") from error
    addresses = [entry[4][0] for entry in found]
    if not private and not all(_is_public(address) for address in addresses):
        raise RefusedAddressError(f"{host} is on a private network. Set NOTICE_PRIVATE_ADDRESSES to allow that.")
    last: OSError | None = None
    for family, kind, protocol, _name, address in found:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(TIMEOUT_S)
        try:
            sock.connect(address)
        except OSError as error:
            last = error
            sock.close()
        else:
            return sock
    raise NotSentError(f"{host} cannot be reached: {_words(last)}.") from last


def _is_public(text: str) -> bool:
    """Return whether an address is public, and not a wrapped one of an inner network."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None and not _is_public(str(inner)):
            return False
        if address in TRANSLATED or address.ipv4_mapped:
            return True  # reaches what it wraps and nothing else
        # The one part of IPv6 that was ever given out; all else is of one machine, one site, or reserved.
        return address in GIVEN_OUT and address not in DOCUMENTS and address.is_global
    return address.is_global and not address.is_multicast and not address.is_reserved and address not in RELAY


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address embedded in an IPv6 address by one of the transition mechanisms."""
    lowest = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in TRANSLATED or any(address in network for network in ENDS_IN_IPV4):
        return lowest
    if (int(address) >> 32) & 0xFCFF_FFFF == ISATAP:
        return lowest
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


def _secured(sock: socket.socket, host: str) -> socket.socket:
    try:
        return ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except OSError as error:
        raise NotSentError(f"{host} cannot be reached over HTTPS: {_words(error)}.") from error


def _text(answer: http.client.HTTPResponse) -> str:
    """Return the beginning of an answer; a slow one is cut off, since its status is known."""
    ends_s, read = time.monotonic() + LONGEST_ANSWER_S, b""
    try:
        while len(read) < MOST_BYTES and time.monotonic() < ends_s and (block := answer.read1(MOST_BYTES)):
            read += block
    except (OSError, http.client.HTTPException):
        pass
    return read[:MOST_BYTES].decode(errors="replace")


def _words(error: OSError | http.client.HTTPException | None) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__)

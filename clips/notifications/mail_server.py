"""The mail server that sends notices: the environment's, or the one that an admin set.

Whoever may set one in the site must not be able to reach the machine's own services with it, so its address is checked
as a webhook's is. The environment is trusted: the crew's own mail server may be on this machine.
"""

import smtplib
import socket

import environ
from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from clips.notifications.connection import connected
from people.site_settings.registry import EMAIL_FROM, EMAIL_URL

DEFAULT_PORT = 25


class _Checked(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connected(host, port, private=settings.NOTICE_PRIVATE_ADDRESSES)


class _CheckedTls(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = connected(host, port, private=settings.NOTICE_PRIVATE_ADDRESSES)
        return self.context.wrap_socket(sock, server_hostname=host)


class _CheckedBackend(EmailBackend):
    """Django's, but for the connection: RefusedAddressError and NotSentError as for a webhook."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _CheckedTls if self.use_ssl else _Checked


def mail_server() -> EmailBackend | None:
    """Return the server, not yet connected; None if mail is not set up."""
    if not EMAIL_FROM.value():
        return None
    if settings.EMAIL_HOST:
        return EmailBackend()
    address = EMAIL_URL.value()
    if not address:
        return None
    found = environ.Env.email_url_config(address)
    return _CheckedBackend(
        host=found["EMAIL_HOST"],
        port=found["EMAIL_PORT"] or DEFAULT_PORT,
        username=found["EMAIL_HOST_USER"] or "",
        password=found["EMAIL_HOST_PASSWORD"] or "",
        use_tls=found.get("EMAIL_USE_TLS", False),
        use_ssl=found.get("EMAIL_USE_SSL", False),
    )

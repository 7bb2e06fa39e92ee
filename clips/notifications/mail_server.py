"""The mail server that sends notices: the environment's, or the one that an admin set."""

import environ
from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from people.site_settings.registry import EMAIL_FROM, EMAIL_URL

DEFAULT_PORT = 25


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
    return EmailBackend(
        host=found["EMAIL_HOST"],
        port=found["EMAIL_PORT"] or DEFAULT_PORT,
        username=found["EMAIL_HOST_USER"] or "",
        password=found["EMAIL_HOST_PASSWORD"] or "",
        use_tls=found.get("EMAIL_USE_TLS", False),
        use_ssl=found.get("EMAIL_USE_SSL", False),
    )

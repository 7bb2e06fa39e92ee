"""Turns the store addresses of settings into entries of Django's ``STORAGES``."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

LOCAL = {"BACKEND": "clips.storage.local.LocalStore"}
SCHEMES = {"s3": "clips.storage.s3.S3Store", "gs": "clips.storage.google.GoogleStore"}


def storage(setting: str, address: str, options: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the entry of ``STORAGES`` for an address: empty for the data folder, ``s3://bucket/prefix``, ``gs://…``.

    Parameters
    ----------
    options : dict
        What the backend of each scheme is told besides its bucket; what is empty is left to its library.

    Raises
    ------
    ImproperlyConfigured
        If the address is none; the text says what one looks like.
    """
    if not address:
        return LOCAL
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or not parts.netloc or parts.query or "@" in parts.netloc:
        raise ImproperlyConfigured(
            f"{setting} is “{address}”. Leave it empty for the data folder, or write s3://bucket/prefix for a bucket "
            "that speaks S3, or gs://bucket/prefix for one of Google's."
        )
    told = {name: value for name, value in options[parts.scheme].items() if value}
    place = {"bucket_name": parts.netloc, "location": parts.path.strip("/")}
    return {"BACKEND": SCHEMES[parts.scheme], "OPTIONS": place | told}

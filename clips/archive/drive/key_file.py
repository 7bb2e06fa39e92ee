"""Reads the JSON files that the Google Cloud console gives: an OAuth client, or a service account's key.

Knows no Django.
"""

import json
from dataclasses import dataclass

MAX_CHARS = 20_000


class KeyFileError(ValueError):
    """The file is of no use. The text is one sentence that says what to do."""


@dataclass(frozen=True)
class OAuthClient:
    """A client of type "Web application" or "TVs and Limited Input devices" that connects a person's account."""

    client_id: str
    secret: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class ServiceAccount:
    """A service account; ``key`` is its file as one line."""

    email: str
    key: str


def read(text: str) -> OAuthClient | ServiceAccount:
    """Return what a file holds.

    Raises
    ------
    KeyFileError
        If it is no such file, or of another kind than the site can use.
    """
    try:
        told = json.loads(text) if len(text) <= MAX_CHARS else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise KeyFileError("This is not a JSON file from the Google Cloud console. Paste the whole file.")
    if told.get("type") == "service_account":
        return _service_account(told)
    if "installed" in told:
        installed = told["installed"]
        if isinstance(installed, dict) and installed.get("client_id") and not installed.get("redirect_uris"):
            return _oauth_client(installed)  # of a device without a browser
        raise KeyFileError("This OAuth client is a desktop app. Create one of type Web application.")
    if not isinstance(told.get("web"), dict):
        raise KeyFileError("This is neither an OAuth client nor a service account’s key. Download one of the two.")
    return _oauth_client(told["web"])


def email_of(key: str) -> str:
    """Return the address of a service account."""
    return str(json.loads(key).get("client_email", ""))


def _service_account(told: dict) -> ServiceAccount:
    if not (_is_text(told.get("client_email")) and _is_text(told.get("private_key"))):
        raise KeyFileError("This key is incomplete. Make a new key in the Google Cloud console.")
    return ServiceAccount(told["client_email"], json.dumps(told))


def _oauth_client(told: dict) -> OAuthClient:
    client_id, secret = told.get("client_id"), told.get("client_secret")
    if not (_is_text(client_id) and _is_text(secret)):
        raise KeyFileError("This file has no client secret. Add a secret in the Google Cloud console and download it.")
    uris = told.get("redirect_uris")
    return OAuthClient(client_id, secret, tuple(map(str, uris)) if isinstance(uris, list) else ())


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= 10_000

"""Encrypts secrets that must be readable again with a key from SECRET_KEY, so the database alone reveals nothing."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealedError(Exception):
    """The secret was sealed with another SECRET_KEY."""


def seal(text: str, purpose: str) -> str:
    """Return ``text`` encrypted for the database; what is sealed for one purpose opens for no other."""
    return _fernet(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """Return the original text. SealedError if it cannot be opened."""
    try:
        return _fernet(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealedError from error


def _fernet(purpose: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"trickyclip {purpose}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))

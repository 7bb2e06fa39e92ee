"""Tests that a sealed text opens only unchanged, with the same key and for the same purpose."""

import base64

import pytest

from people import sealed


def test_what_is_sealed_opens_for_its_purpose_alone():
    letter = sealed.seal("refresh token", "drive")
    assert "refresh" not in letter
    assert base64.urlsafe_b64decode(letter)[0] == 0x80, "the mark of Fernet: AES-128-CBC with HMAC-SHA-256"
    assert sealed.unseal(letter, "drive") == "refresh token"
    with pytest.raises(sealed.SealedError):
        sealed.unseal(letter, "second factor")


def test_what_was_changed_or_sealed_with_another_key_does_not_open(settings):
    letter = sealed.seal("refresh token", "drive")
    bytes_of_it = bytearray(base64.urlsafe_b64decode(letter))
    bytes_of_it[30] ^= 1
    with pytest.raises(sealed.SealedError):
        sealed.unseal(base64.urlsafe_b64encode(bytes_of_it).decode(), "drive")
    settings.SECRET_KEY = "another"
    with pytest.raises(sealed.SealedError):
        sealed.unseal(letter, "drive")

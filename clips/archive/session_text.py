"""Writes and reads ``trickyclip.json``: what the archive says of a session, or of the whole crew. Knows no Django.

A file is JSON with a row a line, for people; the signature at its end is over its content, not over its spaces, so it
holds as long as nobody changes what it says. It is made with a key that follows from the site's SECRET_KEY. So a site
that lost nothing but its database knows its own files, and anybody else's are a question.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = 1
MAX_BYTES = 256 * 1024**2
UNSIGNED, CHANGED = "unsigned", "changed"
_KEY_INFO = b"trickyclip archive signature"
_SAYS = (
    "What TrickyClip knows of the videos and clips beside this file. If its database is lost, it is read from here. "
    "Leave it here, and change nothing in it."
)


class NotOursError(Exception):
    """The text is no such file, or one of a later version. The text is one sentence."""


@dataclass(frozen=True)
class Told:
    """The facts of one session file, with its revision and signature."""

    facts: dict[str, Any]
    #: Counts up with each writing; of two files about the same the higher one is true.
    revision: int
    #: Whose signature it has, as ``name_of`` writes it; ``UNSIGNED``, or ``CHANGED`` where it does not fit.
    signed_by: str

    @property
    def about(self) -> str:
        """The id of its session; empty for the crew."""
        return str(self.facts.get("session", {}).get("id", ""))


def key_of(secret: str) -> Ed25519PrivateKey:
    """Return the key that follows from a site's SECRET_KEY."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_KEY_INFO)
    return Ed25519PrivateKey.from_private_bytes(derived.derive(secret.encode()))


def name_of(key: Ed25519PublicKey) -> str:
    """Return a key's name, short enough to be compared by people."""
    digits = hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


def digest_of(facts: dict[str, Any]) -> str:
    """Return the checksum of what is said, whenever it is written."""
    return hashlib.sha256(_canonical(facts)).hexdigest()


def written(facts: dict[str, Any], *, revision: int, written_at: str, key: Ed25519PrivateKey) -> bytes:
    """Return the text of a file."""
    said = {"trickyclip": VERSION, "says": _SAYS, "revision": revision, "written_at": written_at, **facts}
    public = key.public_key()
    signature = {"by": name_of(public), "key": _base64(public.public_bytes_raw())}
    said["signature"] = signature | {"value": _base64(key.sign(_canonical(said)))}
    return _dumped(said).encode()


def read(text: bytes) -> Told:
    """Return what a file says, and who signed it; NotOursError if it says nothing that this version understands."""
    try:
        said = json.loads(text)
        if not isinstance(said, dict) or "trickyclip" not in said:
            raise ValueError
        version, revision = int(said["trickyclip"]), int(said.get("revision", 0))
    except (ValueError, TypeError, RecursionError) as error:
        raise NotOursError("This file is damaged, or not from TrickyClip.") from error
    if version > VERSION:
        raise NotOursError("This file is of a later version of TrickyClip. Update the site first.")
    signature = said.pop("signature", None)
    signed_by = _signer(said, signature)
    facts = {
        name: value for name, value in said.items() if name not in {"trickyclip", "says", "revision", "written_at"}
    }
    if not all(isinstance(value, list | dict) for value in facts.values()):
        raise NotOursError("This file is damaged, or not from TrickyClip.")
    return Told(facts, revision, signed_by)


def _signer(said: dict[str, Any], signature: object) -> str:
    if not isinstance(signature, dict):
        return UNSIGNED
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature["key"], validate=True))
        key.verify(base64.b64decode(signature["value"], validate=True), _canonical(said))
    except (InvalidSignature, ValueError, TypeError, KeyError):
        return CHANGED
    return name_of(key)


def _canonical(said: dict[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _dumped(said: dict[str, Any]) -> str:
    """Return JSON with a line for each row."""
    parts = [f"{json.dumps(name)}: {_part(value)}" for name, value in said.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _part(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"  {line}" for line in _lines(value)) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def _lines(rows: Iterable[object]) -> Iterable[str]:
    return (json.dumps(row, ensure_ascii=False) for row in rows)

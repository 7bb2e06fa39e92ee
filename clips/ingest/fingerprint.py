"""Computes a file's quick fingerprint, as the browser does before it sends anything (static/js/ingest/hash-worker.js).

Equal fingerprints mean "probably the same file", and only the SHA-256 of the whole decides. Different ones mean
different files for sure.
"""

import hashlib
from pathlib import Path

PIECE_BYTES = 8 * 1024**2


def fingerprint_of(path: Path) -> str:
    """Return 64 hexadecimal digits made of the size and of the first, middle and last 8 MiB.

    Notes
    -----
    SHA-256 over the size (8 bytes, big-endian) and the SHA-256 of each of the three pieces. The pieces of a file below
    24 MiB overlap; below 8 MiB each of them is the whole file.
    """
    size_bytes = path.stat().st_size
    digest = hashlib.sha256(size_bytes.to_bytes(8, "big"))
    with path.open("rb") as file:
        for start_bytes in piece_starts(size_bytes):
            file.seek(start_bytes)
            digest.update(hashlib.sha256(file.read(PIECE_BYTES)).digest())
    return digest.hexdigest()


def piece_starts(size_bytes: int) -> tuple[int, int, int]:
    """Return the offsets of the three pieces."""
    last = max(0, size_bytes - PIECE_BYTES)
    return 0, last // 2, last

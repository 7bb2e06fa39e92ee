"""Computes the version of the static files that is part of their addresses."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

DIGITS = 12


def version_of(places: Iterable[Path]) -> str:
    """Return a word that changes whenever a file in ``places`` (files, and folders with all in them) changes.

    With it in each address, browsers and Cloudflare keep the files for good, and a page never gets half of its modules
    from before an upgrade and half from after. Django's manifest storage would put a hash into each name instead; it
    leaves the imports of modules as they are, and needs a collecting step before each start.
    """
    digest = hashlib.sha256()
    for place in places:
        files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
        for path in files:
            digest.update(f"{path.relative_to(place)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:DIGITS]

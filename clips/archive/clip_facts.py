"""Reads the facts inside a clip's file, for archives that keep none beside it. Runs in the sandbox; knows no Django."""

from clips.media.formats.opening import open_media

PREFIX = "com.trickyclip."
#: The words inside a file, and those of ``clip_facts``.
NAMES = {
    "clip": "clip", "original_sha256": "original", "start_ms": "in", "end_ms": "out", "category": "category",
    "lineage": "lineage", "kept_at": "kept_at",
}  # fmt: skip


def facts_of(path: str) -> dict[str, str]:
    """Return the facts of ``clip_facts`` from the tags inside a file; empty for a file that is not ours."""
    with open_media(path) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}  # MKV has them in capitals
    return {f"trickyclip_{to}": tags[PREFIX + name] for name, to in NAMES.items() if PREFIX + name in tags}

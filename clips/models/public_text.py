"""Removes server paths from sentences that everybody may read."""

from django.conf import settings

from trickyclip.shared.redact import without_paths


def told(sentence: object) -> str:
    """Return a sentence with bare names of files and folders instead of their paths on this machine."""
    roots = (settings.INCOMING_DIR, settings.ARCHIVE_DIR, settings.DATA_DIR, settings.BASE_DIR)
    return without_paths(str(sentence), [str(root) for root in roots if root])

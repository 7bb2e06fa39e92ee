"""Fixtures of originals with bytes of their own, as for the tests of the disk."""

from clips.tests.disk.conftest import archive_it, make_original

__all__ = ["archive_it", "make_original"]

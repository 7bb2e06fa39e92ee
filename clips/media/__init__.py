"""Reads, cuts and converts camera files in a confined child process. Nothing here knows Django or the database."""


class MediaError(Exception):
    """A known fault of the file itself. Its text is one sentence for the person who uploaded it."""

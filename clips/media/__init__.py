"""Camera files: reading, cutting, confining. Nothing here knows Django or the database."""


class MediaError(Exception):
    """A known fault of the file itself; its text is one sentence for the person who uploaded it."""

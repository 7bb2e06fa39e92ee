"""Reads settings from the environment, or from the file named by a variable with the suffix ``_FILE``."""

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping


class _EnvironmentAndFiles(FileAwareMapping):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        #: What was read and was not blank.
        self.given: set[str] = set()

    def __getitem__(self, key: str) -> str:
        try:
            text = super().__getitem__(key).strip()  # an editor ends a file with a new line, which is no part of it
        except OSError as error:
            raise ImproperlyConfigured(f"{key}_FILE cannot be read: {error.strerror}: {error.filename}") from error
        if text:
            self.given.add(key)
        return text


class Environment(environ.Env):
    ENVIRON = _EnvironmentAndFiles()

    @property
    def given(self) -> frozenset[str]:
        """Names that were read so far and have a value; a variable that is set to nothing has none."""
        return frozenset(self.ENVIRON.given)

"""Reads settings from the environment, or from the file named by a variable with the suffix ``_FILE``."""

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping


class _EnvironmentAndFiles(FileAwareMapping):
    def __getitem__(self, key: str) -> str:
        try:
            return super().__getitem__(key).strip()  # an editor ends a file with a new line, which is no part of it
        except OSError as error:
            raise ImproperlyConfigured(f"{key}_FILE cannot be read: {error.strerror}: {error.filename}") from error


class Environment(environ.Env):
    ENVIRON = _EnvironmentAndFiles()

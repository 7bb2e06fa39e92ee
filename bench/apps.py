"""App with the commands that measure a site on made-up libraries."""

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """Commands that measure a site on made-up libraries; not part of a running site."""

    name = "bench"

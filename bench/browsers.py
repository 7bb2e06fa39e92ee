"""Finds what measuring in a real browser needs: Playwright, Chromium, and who logs in."""

import getpass
import importlib.util
import os
import shutil

from django.core.management.base import CommandError

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find_chromium() -> str:
    """Return the path of Chromium; CommandError where it or Playwright is not installed."""
    if importlib.util.find_spec("playwright") is None:
        raise CommandError("This needs playwright: pip install -r requirements-dev.txt.")
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        raise CommandError("This needs Chromium, which is not installed.")
    return chromium


def password_of(username: str) -> str:
    """Return the password in ``BENCH_PASSWORD``, or ask for it."""
    return os.environ.get("BENCH_PASSWORD") or getpass.getpass(f"Password of {username}: ")

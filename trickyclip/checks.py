"""Checks settings that contradict each other, for ``manage.py check``. Contacts nobody; ``storage_check`` does."""

import os
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from clips.media.sandbox import confine

ALIASES = ("originals", "candidates", "final_clips")


@register
def bucket_keys(app_configs: object, **_: object) -> list[CheckMessage]:
    """Check that a bucket's key is complete, or left to the places that its library knows."""
    found = []
    backends = {settings.STORAGES[alias]["BACKEND"] for alias in ALIASES}
    pair = {"AWS_ACCESS_KEY_ID": "access_key", "AWS_SECRET_ACCESS_KEY": "secret_key"}
    absent = [name for name, option in pair.items() if not settings.BUCKET_OPTIONS["s3"][option]]
    if "clips.storage.s3.S3Store" in backends and len(absent) == 1:
        (here,) = pair.keys() - set(absent)
        found.append(Error(f"{here} is set, but {absent[0]} is not. Set both or neither.", id="trickyclip.E001"))
    file = settings.BUCKET_OPTIONS["gs"]["credentials_file"]
    if "clips.storage.google.GoogleStore" in backends and file and not Path(file).is_file():
        says = f"GOOGLE_APPLICATION_CREDENTIALS names {file}, which does not exist."
        found.append(Error(says, id="trickyclip.E002"))
    return found


@register
def several_machines(app_configs: object, **_: object) -> list[CheckMessage]:
    """Check what machines that share a database must share besides."""
    found = []
    in_folder = [alias for alias in ALIASES if settings.STORAGES[alias]["BACKEND"] == "clips.storage.local.LocalStore"]
    if len(in_folder) == len(ALIASES) or not os.environ.get("DATABASE_URL"):
        return found
    if in_folder:
        says = f"{' and '.join(in_folder)} are in this machine's data folder, where no other machine can read them."
        found.append(Warning(says, hint="Set STORAGE_URL.", id="trickyclip.W001"))
    if not os.environ.get("SECRET_KEY"):
        says = "Each machine has its own SECRET_KEY, so logins and links of one do not work on another."
        found.append(Warning(says, hint="Set SECRET_KEY to the same text everywhere.", id="trickyclip.W002"))
    if settings.ARCHIVE_BACKEND == "local" and settings.ARCHIVE_DIR == settings.DATA_DIR / "archive":
        says = "The archive is in this machine's data folder, so each worker would use its own archive."
        hint = "Set ARCHIVE_BACKEND=drive, or ARCHIVE_DIR to a folder that all machines have mounted."
        found.append(Warning(says, hint=hint, id="trickyclip.W003"))
    return found


@register
def confined_readers(app_configs: object, **_: object) -> list[CheckMessage]:
    """Check that the readers of uploaded videos are confined. Only a warning, since everything else works."""
    if not confine.lacking():
        return []
    hint = "See deploy/SECURITY.md for the risk."
    return [Warning(confine.says(), hint=hint, id="trickyclip.W004" if confine.refusal() else "trickyclip.W005")]

"""Prints the final rows and files of a site as JSON, run by ``manage.py shell -c`` on its own data."""

import json
from collections import Counter
from pathlib import Path

from django.conf import settings
from django.db.models import F, Q

from clips.archive.local import TRASH_FOLDER
from clips.models import CopyState, Decision, DecisionKind, FileName, FinalClip, Job, JobState, OriginalFile, Upload
from clips.models.job import GIVING_WAY
from clips.storage.files import sha256_of

ASK = "from clips.tests.site_facts import tell; tell()"


def tell() -> None:
    """Print all facts as one line."""
    print(json.dumps(_uploads() | _decisions() | _clips() | _jobs(), default=str))  # noqa: T201


def _uploads() -> dict:
    originals = list(OriginalFile.objects.values_list("file_hash", "stored_path"))
    return {
        "uploads": _by_id(Upload.objects.values_list("pk", "state")),
        "originals": [file_hash for file_hash, _path in originals],
        "originals_on_disk": [sha256_of(settings.DATA_DIR / path) for _hash, path in originals],
        "strays": _strays(settings.ORIGINALS_DIR, {path for _hash, path in originals})
        + _strays(settings.FINAL_CLIPS_DIR, set(FinalClip.objects.values_list("stored_path", flat=True))),
    }


def _decisions() -> dict:
    not_undone = Decision.objects.not_undone()
    return {
        "kept": _by_id(not_undone.filter(kind=DecisionKind.KEEP).values_list("pk", "segment")),
        "trashed": [str(pk) for pk in not_undone.filter(kind=DecisionKind.TRASH).values_list("pk", flat=True)],
    }


def _clips() -> dict:
    current = FinalClip.objects.current()
    verified = current.filter(copies__state=CopyState.VERIFIED)
    files = [file for file in settings.ARCHIVE_DIR.rglob("*.mp4") if TRASH_FOLDER not in file.parts]
    return {
        "clips": _by_id(current.values_list("pk", "candidate_segment")),
        "filenames": list(current.values_list("filename", flat=True)),
        "archived": sorted(verified.values_list("copies__path", "file_hash")),
        "archive_on_disk": sorted((str(file.relative_to(settings.ARCHIVE_DIR)), sha256_of(file)) for file in files),
        "names_given_twice": sum(n - 1 for n in Counter(map(str, FileName.objects.all())).values()),
    }


def _jobs() -> dict:
    by_kind: dict[str, Counter] = {}
    for kind, attempts in Job.objects.annotate(n=F("attempts") + F("kills")).values_list("kind", "n"):
        by_kind.setdefault(kind, Counter())[attempts] += 1
    failed = Job.objects.filter(state=JobState.FAILED)
    waits_for_quiet = Q(kind__in=GIVING_WAY, state=JobState.WAITING)
    return {
        "jobs": dict(Counter(Job.objects.exclude(waits_for_quiet).values_list("state", flat=True))),
        "attempts": {kind: dict(sorted(counts.items())) for kind, counts in sorted(by_kind.items())},
        "failed": [
            {"id": pk, "kind": kind, "reason": reason}
            for pk, kind, reason in failed.values_list("pk", "kind", "reason")
        ],
    }


def _by_id(rows) -> dict[str, str]:
    return {str(pk): str(value) for pk, value in rows}


def _strays(folder: Path, known: set[str]) -> list[str]:
    """Return the files of a folder that have no row."""
    names = (str(file.relative_to(settings.DATA_DIR)) for file in folder.iterdir() if file.is_file())
    return sorted(name for name in names if name not in known)

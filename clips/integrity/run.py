"""Runs one audit: all checks in sequence, with findings reported at once and saved in batches."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from clips.integrity.archive_checks import archive_and_rows, drive_ids, not_archived
from clips.integrity.clip_checks import lineages, moments_and_clips, names, names_taken
from clips.integrity.file_checks import found_damaged, found_damaged_parts, let_go_for_good, never_cut, rows_and_files
from clips.integrity.finding import Disagreement, Kind
from clips.integrity.job_checks import stuck_jobs
from clips.integrity.orphans import files_without_rows, left_in_scratch, uploads_and_parts
from clips.integrity.reel_checks import edits
from clips.models import AuditReport

Check = Callable[..., Iterator[Disagreement]]

CHECKS: tuple[Check, ...] = (
    archive_and_rows,  # before the camera files: those that are gone from the disk may be found in it
    uploads_and_parts,
    rows_and_files,
    found_damaged,
    found_damaged_parts,
    let_go_for_good,
    files_without_rows,
    never_cut,
    lineages,
    moments_and_clips,
    names,
    names_taken,
    edits,
    not_archived,
    drive_ids,
    left_in_scratch,
    stuck_jobs,
)
#: Of each kind; thousands of sentences that say the same help nobody.
MOST_KEPT = 50
NOTED_EVERY_S = 20.0


@dataclass
class Tally:
    """The findings so far."""

    counts: Counter = field(default_factory=Counter)
    found: dict[str, list[dict]] = field(default_factory=dict)
    n_wrong: int = 0
    n_mended: int = 0

    def add(self, disagreement: Disagreement, mended: str) -> None:
        kind = disagreement.kind
        self.counts[kind.value] += 1
        self.n_mended += bool(mended)
        self.n_wrong += kind.is_wrong and not mended
        kept = self.found.setdefault(kind.value, [])
        if len(kept) < MOST_KEPT:
            said = {"subject": disagreement.subject, "says": disagreement.says, "key": disagreement.key}
            kept.append(said | {"mended": mended})

    def as_fields(self) -> dict[str, object]:
        return {
            "counts": dict(self.counts), "found": self.found, "n_wrong": self.n_wrong, "n_mended": self.n_mended,
        }  # fmt: skip


def audit(
    *, checksums: bool = False, repair: bool = False, accept_loss: bool = False
) -> Iterator[tuple[Disagreement, str]]:
    """Yield each finding and, with ``repair``, what was done about it; without it nothing is changed.

    What is missing in the archive in great number is left alone, unless ``accept_loss`` says that it is meant.
    """
    for check in CHECKS:
        for disagreement in check(checksums=checksums):
            may_mend = repair and (accept_loss or not disagreement.asks_first)
            mended = disagreement.mend() if may_mend and disagreement.mend else ""
            yield disagreement, mended


def audit_into(report: AuditReport) -> Tally:
    """Run a whole audit and save its findings in its row; stops if the row now belongs to another run."""
    tally, noted_s = Tally(), time.monotonic()
    for disagreement, mended in audit(checksums=report.checksums, repair=report.repairs):
        tally.add(disagreement, mended)
        if time.monotonic() - noted_s > NOTED_EVERY_S:
            noted_s = time.monotonic()
            if not report.note(**tally.as_fields()):
                return tally
    report.end(**tally.as_fields())
    AuditReport.objects.forget_old()
    return tally


def in_order(counts: dict[str, int]) -> list[tuple[Kind, int]]:
    """Return findings by kind, in the order of the kinds; kinds of an older version are left out."""
    return [(kind, counts[kind.value]) for kind in Kind if counts.get(kind.value)]

"""Makes sessions to sort in a running site without detection: rows, and previews of numbered frames."""

import os
import uuid

from django.conf import settings
from django.utils import timezone

from clips.models import CandidateSegment, Preview, SegmentStatus, Shoot
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, FinalClipFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video
from people.models import Member, Person
from tricks.models import Trick
from trickyclip.tests.site import RunningSite

RATE_HZ = 30
#: Each moment has ten seconds of the file to itself: a preview of the first eight, and it lies in their middle.
EACH_MS, PREVIEW_MS, START_MS, END_MS = 10_000, 8_000, 3_000, 5_000
PASSWORD = "slushy-spring-rails-4"


def lay_table(site: RunningSite, name: str, n_cards: int, *, n_files: int = 1) -> str:
    """Make a session of ``n_cards`` moments in a running site and return the address that sorts it alone."""
    call = f"from clips.tests.sorting.sort_table import make_rows; print(make_rows({name!r}, {n_cards}, {n_files}))"
    return f"/sort?session={site.shell.run(call).split()[-1]}"


def keep_in_turns(site: RunningSite, address: str, n_kept: int, turns: list[tuple[str, str]]) -> None:
    """Keep the first moments of a session in a running site, as riders and tricks follow each other in ``turns``."""
    call = "from clips.tests.sorting.sort_table import make_kept; "
    site.shell.run(f"{call}make_kept({address.split('session=')[1]!r}, {n_kept}, {turns!r})")


def make_kept(session: str, n_kept: int, turns: list[tuple[str, str]]) -> None:
    """Make the clips; called in the site."""
    moments = CandidateSegment.objects.filter(original_file__shoot=session).order_by("start_ms")[:n_kept]
    for number, one in enumerate(moments):
        rider, trick = turns[number % len(turns)]
        FinalClipFactory(
            original_file=one.original_file, candidate_segment=one, start_ms=one.start_ms, end_ms=one.end_ms,
            person=Person.objects.find_or_add(rider), trick=Trick.objects.find_or_add(trick), filename=f"{one.pk}.mp4",
        )  # fmt: skip
        CandidateSegment.objects.filter(pk=one.pk).update(status=SegmentStatus.ACCEPTED)


def run_in(site: RunningSite, code: str) -> str:
    """Run a line of Python in the running site, with its models; return its output."""
    return site.shell.run(f"from clips.models import *; {code}").strip()


def make_rows(name: str, n_cards: int, n_files: int) -> uuid.UUID:
    """Make the rows and their files; called in the site. Also makes a second member, jo."""
    if not Member.objects.filter(username="jo").exists():
        Member.objects.create_user("jo", PASSWORD)
    shoot = Shoot.objects.called(name, timezone.now().date())
    for number in range(n_files):
        _make_file(shoot, f"GX01{number:04d}.MP4", n_cards // n_files)
    return shoot.pk


def _make_file(shoot: Shoot, filename: str, n_cards: int) -> None:
    key = uuid.uuid4().hex
    original = OriginalFileFactory(
        shoot=shoot,
        original_filename=filename,
        stored_path=f"originals/{key}.mp4",
        file_hash=key * 2,
        camera_id="CAM_GOPRO11",
        fps_label="30FPS",
        rate_num=RATE_HZ,
        rate_den=1,
        duration_ms=n_cards * EACH_MS,
        probed_at=timezone.now(),
    )
    marks = [{"at_ms": START_MS + 1_000, "kind": "impact", "strength": 0.8}]
    run = DetectionRunFactory(original_file=original, curve={"marks": marks})
    for number in range(n_cards):
        segment = CandidateSegmentFactory(
            original_file=original,
            run=run,
            start_ms=number * EACH_MS + START_MS,
            end_ms=number * EACH_MS + END_MS,
            score=0.95 - number * 0.001,
            why="3.0 × the usual motion",
        )
        _make_preview(segment, number * EACH_MS)


def _make_preview(segment: CandidateSegment, start_ms: int) -> None:
    folder = settings.DATA_DIR / "candidates"
    folder.mkdir(exist_ok=True)
    numbered = folder / "numbered.mp4"
    if not numbered.exists():
        make_video(numbered, frames=PREVIEW_MS * RATE_HZ // 1000, rate=RATE_HZ, size=(320, 180), gop=15, faststart=True)
    stored_path = f"candidates/{segment.pk}.mp4"
    os.link(numbered, settings.DATA_DIR / stored_path)
    Preview.objects.create(
        segment=segment,
        stored_path=stored_path,
        start_ms=start_ms,
        end_ms=start_ms + PREVIEW_MS,
        width_px=320,
        height_px=180,
        size_bytes=numbered.stat().st_size,
    )

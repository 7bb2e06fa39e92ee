"""Lays a session in a running site that three cameras filmed: a minute in three real files with numbered frames."""

import hashlib
import uuid
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from clips.jobs import pipeline
from clips.library.pairs import change
from clips.models import JobKind, OriginalFile, Shoot, VideoPair
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video
from people.models import Member

RATE_HZ = 60
#: The cameras in the order of a card, and how many frames later than the first each began: there its frame 0 shows what
#: that one's frame of this number shows.
LATER_FRAMES = {"CAM_GOPRO11": 0, "CAM_DJI": 437, "CAM_IPHONE15": 211}
#: The trick on the first camera's clock; it takes a minute.
START_MS, END_MS = 10_000, 70_000
_N_FRAMES = 76 * RATE_HZ


def lay_files(name: str) -> uuid.UUID:
    """Make the files and their rows, and have them read; called in the site."""
    shoot = Shoot.objects.called(name, timezone.now().date())
    (settings.DATA_DIR / "originals").mkdir(exist_ok=True)
    for seed, (camera_id, later_frames) in enumerate(LATER_FRAMES.items()):
        stored_path = f"originals/{uuid.uuid4().hex}.mp4"
        path = settings.DATA_DIR / stored_path
        make_video(path, frames=_N_FRAMES, rate=RATE_HZ, gop=30, bframes=2, seed=seed)
        original = OriginalFileFactory(
            shoot=shoot, original_filename=f"{camera_id}.MP4", stored_path=stored_path, camera_id=camera_id,
            file_hash=hashlib.sha256(path.read_bytes()).hexdigest(), size_bytes=path.stat().st_size,
            recorded_at=timezone.now() - timedelta(hours=1) + timedelta(seconds=later_frames / RATE_HZ),
        )  # fmt: skip
        pipeline.start(JobKind.PROBE, original, alone=True)
    return shoot.pk


def tie(shoot: uuid.UUID) -> None:
    """Find the trick in each file, and confirm how the others lie beside the first; called in the site."""
    files = {file.original_filename.removesuffix(".MP4"): file for file in OriginalFile.objects.filter(shoot=shoot)}
    curator = Member.objects.get()
    first = files[next(iter(LATER_FRAMES))]
    for camera_id, later_frames in LATER_FRAMES.items():
        file, later_s = files[camera_id], later_frames / RATE_HZ
        OriginalFile.objects.filter(pk=file.pk).update(camera_id=camera_id)  # reading it found no maker
        CandidateSegmentFactory(
            original_file=file, run=DetectionRunFactory(original_file=file), score=0.8 if later_s else 0.9,
            start_ms=round(START_MS - 1000 * later_s), end_ms=round(END_MS - 1000 * later_s),
        )  # fmt: skip
        if later_s:
            found = {"offset_s": later_s, "drift_ppm": None, "confidence": 0.9, "is_sure": True}
            VideoPair.objects.all().note(first, file, found)
    for pair in VideoPair.objects.filter(first__shoot=shoot):
        change(pair, lambda pair: pair.confirm(curator))

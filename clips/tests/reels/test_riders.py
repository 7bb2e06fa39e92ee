"""Tests that riders are looked for in what is decoded fastest, and their paths told in the clip's own times."""

from unittest import mock

import av
import numpy as np
import pytest
from django.conf import settings

from clips.models import FinalClip, Preview
from clips.reels import riders
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

RATE_HZ = 30
#: The preview begins so much earlier than the clip, and ends so much later.
EARLIER_MS, CLIP_MS, LATER_MS = 1_500, 3_000, 500


def draw(path, first_ms: int, length_ms: int, size: tuple[int, int]) -> None:
    """Draw what crosses the picture from left to right in the seconds of the clip, over noise that stands still."""
    width, height = size
    ground = np.random.default_rng(1).integers(60, 90, (height // 8, width // 8)).repeat(8, 0).repeat(8, 1)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=RATE_HZ, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(length_ms * RATE_HZ // 1000):
            at = min(1.0, max(0.0, (first_ms + number * 1000 / RATE_HZ) / CLIP_MS))
            picture = ground.copy()
            left = round(at * 0.8 * width)
            legs = height // 8 * (number % 2)  # it moves in itself, too
            picture[height // 3 + legs : height * 2 // 3 + legs, left : left + width // 6] = 220
            rgb = picture.astype(np.uint8)[:, :, None].repeat(3, 2)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))
        film.mux(stream.encode(None))


@pytest.fixture
def clip(original, own_data_dir) -> FinalClip:
    segment = CandidateSegmentFactory(original_file=original, start_ms=10_000, end_ms=10_000 + CLIP_MS)
    clip = FinalClipFactory(
        original_file=original, candidate_segment=segment, start_ms=10_000, end_ms=10_000 + CLIP_MS, lead_us=0
    )
    draw(own_data_dir / "clip.mp4", 0, CLIP_MS, (640, 360))
    return clip


@pytest.fixture
def preview(clip, own_data_dir) -> Preview:
    folder = own_data_dir / "candidates"
    folder.mkdir(exist_ok=True)
    draw(folder / "preview.mp4", -EARLIER_MS, EARLIER_MS + CLIP_MS + LATER_MS, (320, 180))
    return Preview.objects.create(
        segment=clip.candidate_segment, stored_path="candidates/preview.mp4", width_px=320, height_px=180, size_bytes=1,
        start_ms=clip.start_ms - EARLIER_MS, end_ms=clip.end_ms + LATER_MS,
    )  # fmt: skip


def item(start_ms: int | None = None, end_ms: int | None = None, **more: object) -> dict[str, object]:
    return {"source": str(settings.DATA_DIR / "clip.mp4"), "start_ms": start_ms, "end_ms": end_ms} | more


def looked_in(clip: FinalClip, *items: dict[str, object]) -> tuple[list[dict[str, object]], list[riders.RiderPath]]:
    """Return what the finder was asked about, and the paths."""
    with mock.patch.object(riders.runner, "run", wraps=riders.runner.run) as run:
        paths = riders.paths_of(list(items), [clip] * len(items), mock.Mock(), riders.runner.Limits())
    return run.call_args.args[1]["clips"], paths


def files_of(asked: list[dict[str, object]]) -> list[str]:
    return [str(one["source"]).rpartition("/")[2] for one in asked]


def test_the_path_in_the_preview_is_that_in_the_clip(clip, preview):
    asked, (by_preview, part) = looked_in(clip, item(), item(1_000, 2_500))
    assert files_of(asked) == ["preview.mp4", "preview.mp4"]
    preview.delete()
    asked, (by_clip,) = looked_in(clip, item())
    assert files_of(asked) == ["clip.mp4"]
    times_s = np.linspace(0.3, 2.7, 20)
    here, there = (np.interp(times_s, *np.array(path).T) for path in (by_preview, by_clip))
    assert np.abs(here - there).max() < 0.06
    assert here[0] < 0.3
    assert here[-1] > 0.7
    assert (part[0][0], part[-1][0]) == (pytest.approx(1.0, abs=0.07), pytest.approx(2.5, abs=0.1))


def test_a_preview_of_a_part_or_in_slow_motion_or_without_its_file_is_not_looked_at(clip, preview):
    for changed in ({"start_ms": clip.start_ms + 1}, {"end_ms": clip.end_ms - 1}, {"slow_down": 4}):
        before = {name: getattr(preview, name) for name in changed}
        Preview.objects.update(**changed)
        assert files_of(looked_in(clip, item())[0]) == ["clip.mp4"], changed
        Preview.objects.update(**before)
    assert files_of(looked_in(clip, item())[0]) == ["preview.mp4"]
    (settings.DATA_DIR / preview.stored_path).unlink()
    assert files_of(looked_in(clip, item())[0]) == ["clip.mp4"]


def test_whom_somebody_framed_is_not_looked_for(clip, preview):
    asked, paths = looked_in(clip, item(places=[[0.0, 0.5]]), item())
    assert files_of(asked) == ["preview.mp4"]
    assert (paths[0], bool(paths[1])) == ([], True)


def test_a_clip_that_begins_within_a_picture_is_told_in_its_own_times(clip, preview):
    FinalClip.objects.update(lead_us=20_000)
    clip.refresh_from_db()
    (asked,), ((first, *_rest),) = looked_in(clip, item())
    assert asked["start_ms"] == EARLIER_MS - 20
    assert first[0] == pytest.approx(0.0, abs=1 / RATE_HZ)

"""Tests that a moment gets its traits with its preview, and its preview without them."""

import pytest
from django.conf import settings as django_settings

from clips.models import CandidateSegment, OriginalFile
from clips.previews import requests, traits
from clips.storage.files import sha256_of
from clips.tests.factories import OriginalFileFactory
from clips.tests.previews.preview_rows import propose
from detection.tests.rider_film import BLUE, LENGTH_S, RED, film

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Its middle is that of the flight, from 1.5 to 2 seconds.
SPAN_MS = (250, 3_250)


@pytest.fixture
def previewed(shoot, work_off):
    """Return a function that films a rider and returns the moment with its preview."""

    def make(name: str, colour, *, after: float) -> CandidateSegment:
        stored = django_settings.ORIGINALS_DIR / f"{name}.mp4"
        stored.parent.mkdir(parents=True, exist_ok=True)
        film(stored, colour, after=after)
        original: OriginalFile = OriginalFileFactory(
            shoot=shoot, original_filename=f"{name}.mp4", stored_path=f"originals/{name}.mp4",
            file_hash=sha256_of(stored), size_bytes=stored.stat().st_size, duration_ms=1000 * LENGTH_S,
        )  # fmt: skip
        (segment,) = propose(original, SPAN_MS)
        requests.want_previews(original)
        work_off()
        return CandidateSegment.objects.select_related("preview").get(pk=segment.pk)

    return make


def test_colours_and_the_sound_after_the_landing_come_with_the_preview(previewed):
    landed, fallen = previewed("red", RED, after=1.0), previewed("blue", BLUE, after=0.1)
    assert landed.preview
    assert fallen.preview
    assert landed.traits["after_db"] == pytest.approx(0, abs=2)
    assert fallen.traits["after_db"] == pytest.approx(-20, abs=3)
    one, other = landed.traits["colours"], fallen.traits["colours"]
    assert sum(min(a, b) for a, b in zip(one, other, strict=True)) < 0.5


def test_a_preview_that_cannot_be_measured_is_a_preview_all_the_same(previewed, monkeypatch):
    monkeypatch.setattr(traits, "LIMITS", traits.Limits(cpu_s=60, wall_s=0.01))
    segment = previewed("red", RED, after=1.0)
    assert segment.preview
    assert segment.traits == {}

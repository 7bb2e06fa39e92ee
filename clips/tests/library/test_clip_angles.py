"""Tests that a clip's page knows the same trick from other cameras, and how their videos lie beside it."""

import pytest
from django.urls import reverse

from clips.library.angles import other_angles
from clips.models import FinalClip
from clips.tests.factories import CandidateSegmentFactory
from clips.tests.sorting.test_angles import (  # noqa: F401 - fixtures
    DRIFT_PPM,
    LATER_S,
    keep_all,
    page,
    scene,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def clips(page, scene) -> dict[str, FinalClip]:  # noqa: F811
    """The clips of one trick, by camera."""
    keep_all(page, scene)
    return {clip.camera_id: clip for clip in FinalClip.objects.current()}


def test_each_camera_knows_how_much_later_the_others_show_an_instant(clips):
    (phone,) = other_angles(clips["CAM_HELMET"])
    (helmet,) = other_angles(clips["CAM_PHONE"])
    assert (phone.clip, helmet.clip) == (clips["CAM_PHONE"], clips["CAM_HELMET"])
    assert phone.shift_ms == pytest.approx(-helmet.shift_ms, abs=0.5)
    drifted_ms = 302_000 * DRIFT_PPM * 1e-6
    assert phone.shift_ms == pytest.approx(-1000 * LATER_S, abs=1 + drifted_ms)
    assert phone.clip.start_ms - clips["CAM_HELMET"].start_ms == pytest.approx(phone.shift_ms, abs=1)


def test_a_clip_that_one_camera_filmed_has_no_angles(clips, scene):  # noqa: F811
    clip = clips["CAM_HELMET"]
    clip.candidate_segment = CandidateSegmentFactory(original_file=scene.helmet, start_ms=100_000, end_ms=104_000)
    assert other_angles(clip) == []
    clip.candidate_segment = None
    assert other_angles(clip) == []


@pytest.mark.slow
def test_a_clip_in_the_bin_is_no_angle(clips, client, sorter):
    client.force_login(sorter)
    shown = clips["CAM_HELMET"]
    assert "Other angles" in client.get(reverse("clips:clip", args=[shown.pk])).content.decode()
    FinalClip.objects.filter(pk=clips["CAM_PHONE"].pk).update(is_current=False)
    assert other_angles(shown) == []
    assert "Other angles" not in client.get(reverse("clips:clip", args=[shown.pk])).content.decode()

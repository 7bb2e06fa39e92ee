"""Rows for tests, with all that a row must have and a test does not care about.

What a test checks it says itself. People, tricks and sessions are made as the site makes them, with their names in
order: ``Person.objects.add``, ``Trick.objects.add``, ``Shoot.objects.called``.
"""

import datetime as dt
import uuid

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from clips.models import CandidateSegment, DetectionRun, FinalClip, OriginalFile, Shoot
from people.site_settings.registry import SENSITIVITY


class ShootFactory(DjangoModelFactory):
    """The session of Backyard Rails, made once: it is the one that the fixture ``shoot`` returns."""

    class Meta:
        model = Shoot
        django_get_or_create = ("date", "slug")

    date = dt.date(2024, 12, 1)
    name = "Backyard Rails"
    slug = "BackyardRails"
    sensitivity = factory.LazyFunction(SENSITIVITY.value)


class OriginalFileFactory(DjangoModelFactory):
    """A file that was uploaded and not read yet; its bytes are on no disk."""

    class Meta:
        model = OriginalFile

    shoot = factory.SubFactory(ShootFactory)
    original_filename = "GX010001.MP4"
    stored_path = factory.LazyFunction(lambda: f"originals/{uuid.uuid4()}.mp4")
    file_hash = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    size_bytes = 1000


def ten_minutes() -> OriginalFile:
    """Make a file of ten minutes that was read; its bytes are on no disk."""
    return OriginalFileFactory(
        camera_id="CAM_GOPRO11",
        fps_label="240FPS",
        rate_num=240000,
        rate_den=1001,
        duration_ms=600_000,
        probed_at=timezone.now(),
    )


class DetectionRunFactory(DjangoModelFactory):
    """A search that proposed nothing."""

    class Meta:
        model = DetectionRun

    original_file = factory.SubFactory(OriginalFileFactory)
    version = "test"


class CandidateSegmentFactory(DjangoModelFactory):
    """A moment that waits to be sorted; without a ``run`` a person made it by hand."""

    class Meta:
        model = CandidateSegment

    original_file = factory.SubFactory(OriginalFileFactory)
    start_ms = 0
    end_ms = 4000


class FinalClipFactory(DjangoModelFactory):
    """A clip of the original's session, not cut yet."""

    class Meta:
        model = FinalClip

    original_file = factory.SubFactory(OriginalFileFactory)
    start_ms = 0
    end_ms = 1000
    camera_id = "CAM_GOPRO11"
    fps_label = "240FPS"
    date = factory.LazyAttribute(lambda clip: clip.original_file.shoot.date)
    filename = factory.Sequence(lambda number: f"2024-12-01__made__v{number:03d}.mp4")

"""Fixtures of an edit with a few clips, and of whoever changes it."""

import uuid
from collections.abc import Callable

import pytest

from clips.models import FinalClip, OriginalFile, Reel
from clips.reels import editing
from clips.reels.editing import Hand
from clips.tests.factories import FinalClipFactory, OriginalFileFactory
from people.models import Member


@pytest.fixture
def filmed(shoot) -> OriginalFile:
    """A file of 120 frames a second, which a browser plays; its bytes are on no disk."""
    return OriginalFileFactory(
        shoot=shoot, duration_ms=60_000, rate_num=120, rate_den=1, codec="h264", probe={"pix_fmt": "yuv420p"}
    )


@pytest.fixture
def clips(filmed) -> list[FinalClip]:
    """Four clips of two seconds each."""
    return [FinalClipFactory(original_file=filmed, start_ms=at, end_ms=at + 2000) for at in (0, 5000, 10_000, 15_000)]


@pytest.fixture
def hand() -> Callable[..., Hand]:
    """Give whoever changes something a new key, and the page's lease if there is one."""
    return lambda member, lease=None, key=None: Hand(member, key or uuid.uuid4(), lease)


@pytest.fixture
def page_of() -> Callable[[Member], uuid.UUID]:
    """Give each member the lease of one open page."""
    known: dict[uuid.UUID, uuid.UUID] = {}
    return lambda member: known.setdefault(member.pk, uuid.uuid4())


@pytest.fixture
def reel(sorter, clips, hand) -> Reel:
    """The edit "December" with all four clips in their order."""
    made = editing.make_reel("December", member=sorter)
    rows = FinalClip.objects.filter(pk__in=[clip.pk for clip in clips]).order_by("start_ms")
    editing.add_clips(made, rows, hand=hand(sorter))
    return made

"""Tests searches without a word in them."""

import pytest

from clips.library.search import matching
from clips.models import FinalClip
from clips.tests.factories import FinalClipFactory


@pytest.mark.parametrize(("text", "n_found"), [("🛹", 0), ("🛹 …", 0), ('"', 1), ("%", 1), ("…", 1), (" ", 1)])
def test_no_clip_is_found_by_an_emoji_and_punctuation_says_nothing(db, text, n_found):
    FinalClipFactory()
    assert matching(FinalClip.objects.all(), text).count() == n_found

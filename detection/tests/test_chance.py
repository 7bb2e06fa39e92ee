"""Tests that a chance is what became of such scores, and that pages show it."""

import math

import numpy as np
import pytest
from django.urls import reverse

from clips.models import CandidateSegment
from detection.evaluation.fit import Told, fit_chances
from detection.scoring.chance import GLANCED, MISS_COST, SEEN, Chances


def told(n: int, shift: float, slope: float, *, is_seen: bool) -> list[Told]:
    """Candidates whose scores tell too much or too little, by a known law."""
    rng = np.random.default_rng(3)
    scores = rng.uniform(0.02, 0.98, n)
    true = 1 / (1 + np.exp(-(shift + slope * np.log(scores / (1 - scores)))))
    return [Told(float(s), is_seen, bool(hit)) for s, hit in zip(scores, rng.random(n) < true, strict=True)]


def test_the_plain_chance_takes_the_cost_of_a_miss_out_of_the_score():
    plain = Chances.plain()
    assert plain.of_score(0.5, is_seen=True) == pytest.approx(1 / (1 + MISS_COST))
    assert plain.of_score(0.0, is_seen=False) == pytest.approx(0, abs=1e-3)
    assert plain.of_score(1.0, is_seen=False) == pytest.approx(1, abs=1e-3)


def test_chances_follow_what_became_of_the_scores_for_each_way_of_looking():
    seen, glanced = (-1.0, 1.3), (0.4, 0.7)
    fitted = fit_chances(told(6000, *seen, is_seen=True) + told(6000, *glanced, is_seen=False)).of
    assert fitted[SEEN] == pytest.approx(seen, abs=0.15)
    assert fitted[GLANCED] == pytest.approx(glanced, abs=0.15)


def test_of_nothing_the_plain_chance_is_told():
    assert fit_chances([]).of[SEEN] == pytest.approx((-math.log(MISS_COST), 1.0), abs=0.001)


def test_a_higher_score_is_never_less_likely():
    shipped = Chances.shipped()
    for is_seen in (True, False):
        chances = [shipped.of_score(score / 100, is_seen=is_seen) for score in range(101)]
        assert chances == sorted(chances)
        assert 0 < chances[0] < chances[-1] < 1


@pytest.mark.django_db
def test_pages_show_the_chance_and_the_score_of_searches_before(client, sorter, original, segments):
    CandidateSegment.objects.filter(pk=segments[0].pk).update(chance=0.61)
    client.force_login(sorter)
    page = client.get(f"{reverse('clips:session', args=[original.shoot_id])}?details").content.decode()
    assert "0:00–0:04 · 61 %" in page
    assert "0:10–0:14 · 88 %" in page
    dealt = client.post(reverse("clips:sort_hand"), {"lease": "8f6f2b8e-7b1c-4a60-9a63-4e5a2b4e9d11"}).content.decode()
    assert "61 %" in dealt

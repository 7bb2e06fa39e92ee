"""Tests that a chance is what became of such scores, and that pages show it."""

import math

import numpy as np
import pytest
from django.urls import reverse

from clips.models import CandidateSegment
from detection.evaluation.fit import Told, fit_chances
from detection.scoring.chance import CHOSEN, GLANCED, MISS_COST, SEEN, Chances, looked_at


def told(n: int, shift: float, slope: float, how: str) -> list[Told]:
    """Candidates whose scores tell too much or too little, by a known law."""
    rng = np.random.default_rng(3)
    scores = rng.uniform(0.02, 0.98, n)
    true = 1 / (1 + np.exp(-(shift + slope * np.log(scores / (1 - scores)))))
    return [Told(float(s), how, bool(hit)) for s, hit in zip(scores, rng.random(n) < true, strict=True)]


def test_the_plain_chance_takes_the_cost_of_a_miss_out_of_the_score():
    plain = Chances.plain()
    assert plain.of_score(0.5, SEEN) == pytest.approx(1 / (1 + MISS_COST))
    assert plain.of_score(0.0, GLANCED) == pytest.approx(0, abs=1e-3)
    assert plain.of_score(1.0, GLANCED) == pytest.approx(1, abs=1e-3)


def test_chances_follow_what_became_of_the_scores_for_each_way_of_looking():
    laws = {SEEN: (-1.0, 1.3), CHOSEN: (-0.3, 1.2), GLANCED: (0.4, 0.7)}
    fitted = fit_chances([one for how, law in laws.items() for one in told(6000, *law, how)]).of
    for how, law in laws.items():
        assert fitted[how] == pytest.approx(law, abs=0.15)


def test_what_was_looked_at_by_choice_is_told_apart_from_what_all_of_its_file_was():
    assert [looked_at(is_seen=True, share=share) for share in (1.0, 0.3)] == [SEEN, CHOSEN]
    assert looked_at(is_seen=False, share=0.3) == GLANCED


def test_of_nothing_the_plain_chance_is_told():
    assert fit_chances([]).of[SEEN] == pytest.approx((-math.log(MISS_COST), 1.0), abs=0.001)


def test_a_higher_score_is_never_less_likely():
    shipped = Chances.shipped()
    for how in (SEEN, CHOSEN, GLANCED):
        chances = [shipped.of_score(score / 100, how) for score in range(101)]
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

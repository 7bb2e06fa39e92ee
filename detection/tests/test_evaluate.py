"""Tests how moments are matched with labelled tricks, and the figures made of it."""

import json
import math

import pytest

from detection.evaluation.evaluate import (
    LabelError,
    average_precision,
    evaluate_take,
    load_labels,
    match,
    mean_of,
    pooled_of,
)


def span(start_ms, end_ms, score=0.9, shown=True):
    return {"start_ms": start_ms, "end_ms": end_ms, "score": score, "shown": shown}


TRICKS = [span(10_000, 10_500), span(20_000, 20_500)]
LABEL = {"duration_ms": 60_000, "tricks": TRICKS, "cuts_ms": [40_000]}


def test_a_moment_around_the_trick_hits_it():
    assert match([span(9000, 12_000)], TRICKS) == [0]


def test_half_of_the_trick_without_its_middle_is_no_hit():
    assert match([span(10_251, 12_000)], TRICKS) == [None]


def test_the_middle_with_less_than_half_is_no_hit():
    assert match([span(10_100, 10_300)], TRICKS) == [None]


def test_two_moments_share_one_trick_and_one_of_them_is_false():
    assert match([span(9000, 12_000), span(8500, 11_500)], TRICKS) == [0, None]


def test_a_wide_moment_makes_way_for_a_narrow_one():
    assert match([span(9000, 22_000), span(9000, 12_000)], TRICKS) == [1, 0]


def test_average_precision_of_a_known_ranking():
    # precision 1, 1/2, 2/3 at hits 1 and 3; the third of three tricks is never found
    assert average_precision([True, False, True], 3) == pytest.approx((1 + 2 / 3) / 3)


def test_average_precision_without_tricks_has_no_meaning():
    assert math.isnan(average_precision([False], 0))


def test_the_figures_of_a_known_take():
    candidates = [span(9000, 11_500, 0.9), span(38_500, 41_500, 0.8), span(19_100, 21_600, 0.4, shown=False)]
    result = evaluate_take(LABEL, candidates)
    assert (result["recall"], result["precision"], result["f1"]) == (0.5, 0.5, 0.5)
    assert result["ap"] == pytest.approx((1 + 2 / 3) / 2)
    assert result["recall_at_k"] == 0.5
    assert (result["false_per_min"], result["false_per_min_all"], result["recall_all"]) == (1, 1, 1)
    assert (result["hits_near_joins"], result["false_near_joins"]) == (0, 1)
    assert result["join_chance"] == pytest.approx(1 / 60)
    assert (result["start_error_ms"], result["end_error_ms"]) == (0, 0)


def test_a_take_without_moments_has_figures():
    result = evaluate_take(LABEL, [])
    assert (result["recall"], result["precision"], result["f1"], result["ap"]) == (0, None, 0, 0)


def test_the_mean_leaves_out_what_has_no_meaning():
    results = [evaluate_take(LABEL, []), evaluate_take(LABEL, [span(9000, 11_500)])]
    assert mean_of(results)["precision"] == 1
    assert mean_of(results)["recall"] == 0.25


def test_pooled_takes_share_one_ranking():
    pooled = pooled_of({"a": LABEL, "b": LABEL}, {"a": [span(9000, 11_500, 0.6)], "b": [span(30_000, 33_000, 0.9)]})
    assert pooled["ap"] == pytest.approx(0.5 / 4)
    assert (pooled["hits"], pooled["shown"], pooled["tricks"]) == (1, 2, 4)


@pytest.mark.parametrize("text", ["not json", "[]", '{"tricks": [{}], "duration_ms": 1}', '{"tricks": []}'])
def test_a_damaged_label_file_is_named(tmp_path, text):
    (tmp_path / "take.json").write_text(text)
    with pytest.raises(LabelError, match=r"take\.json"):
        load_labels(tmp_path)


def test_labels_end_after_they_start(tmp_path):
    (tmp_path / "take.json").write_text(json.dumps({"duration_ms": 9, "tricks": [{"start_ms": 5, "end_ms": 5}]}))
    with pytest.raises(LabelError, match="ends before it starts"):
        load_labels(tmp_path)


def test_a_folder_without_labels_is_named(tmp_path):
    with pytest.raises(LabelError, match="no labels"):
        load_labels(tmp_path)

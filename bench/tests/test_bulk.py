"""Tests the benchmark of bulk changes on a few rows."""

import io

import pytest
from django.core.management import call_command

from clips.models import BulkChange
from clips.sorting.decisions import Choice, make_clip


@pytest.mark.slow
def test_changes_are_measured_and_rolled_back(original, admin):
    for number in range(12):
        make_clip(original, Choice(start_ms=number * 1000, end_ms=number * 1000 + 900), admin)
    out = io.StringIO()
    call_command("bench_bulk", times=2, stdout=out)
    lines = out.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == ["look ahead: 10 clips", "tag: 10 clips", "undo: 10 clips"]
    assert not BulkChange.objects.exists()

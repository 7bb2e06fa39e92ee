"""Tests that a site which is kept for the next test file has nothing left of the last one."""

import pytest
import requests

from clips.tests.web.test_end_to_end import Person
from trickyclip.tests.kept_site import kept

pytestmark = pytest.mark.slow

COUNTED = """
from clips.models import *; from people.models import *; from tricks.models import *
from django.contrib.contenttypes.models import ContentType
print([model.objects.count() for model in (Shoot, OriginalFile, CandidateSegment, Preview, ApiToken)])
print([model.objects.count() for model in (Member, Trick, ContentType)])
"""
LAY = "from clips.tests.sorting.sort_table import make_rows; make_rows('Backyard Rails', 3, 1)"


def test_rows_and_files_of_the_last_test_file_are_gone_and_the_first_ones_are_back(running_site, started_site):
    """Fails when something is left or lost: leave `_remove_others` out, or a table in `remember_rows`."""
    at_first = running_site.shell.run(COUNTED)
    assert at_first.startswith("[0, 0, 0, 0, 0]")
    Person(running_site)
    running_site.shell.run(f"{LAY}\nfrom tricks.models import Trick; Trick.objects.all().delete()")
    (running_site.data_dir / "originals").mkdir(exist_ok=True)
    (running_site.data_dir / "originals" / "left.mp4").write_bytes(b"left")
    assert running_site.shell.run(COUNTED) != at_first
    assert any((running_site.data_dir / "candidates").iterdir())

    again = kept.as_new(started_site)
    assert again.up.process.pid == running_site.up.process.pid, "it was not started anew"
    assert again.shell.run(COUNTED) == at_first
    assert not (again.data_dir / "originals" / "left.mp4").exists()
    assert not any((again.data_dir / "candidates").iterdir())
    assert requests.get(f"{again.base_url}/readyz", timeout=30).ok
    Person(again)


def test_a_site_that_no_longer_answers_is_replaced(running_site, started_site):
    running_site.up.stop()
    another = kept.as_new(started_site)
    assert another.base_url != running_site.base_url
    assert requests.get(f"{another.base_url}/readyz", timeout=30).ok

"""Tests ``manage.py tidy_names``: old names are fixed once, and merges of duplicates are proposed."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from clips.models import FinalClip, Job, JobKind
from clips.tests.factories import FinalClipFactory
from people.models import Person
from tricks.models import Trick

pytestmark = pytest.mark.django_db


def tidy(**options: object) -> str:
    out = StringIO()
    call_command("tidy_names", stdout=out, **options)
    return out.getvalue().strip()


@pytest.fixture
def con(original) -> Person:
    """An old person, with a clip, whose folder no Windows machine can create."""
    person = Person.objects.create(display_name="Con", slug="Con")
    FinalClipFactory(
        original_file=original, person=person, start_ms=0, end_ms=4000, camera_id="CAM_X",
        fps_label="60FPS", filename="2024-12-01__BackyardRails__Con__Unknown__CAM_X__60FPS__v001.mp4",
    )  # fmt: skip
    return person


def test_slug_that_windows_refuses_is_renamed_with_its_clips(con, work_off):
    assert tidy() == "Con: “Con” in file names becomes “Con_”."
    assert Job.objects.get().kind == JobKind.RENAME
    work_off()
    assert FinalClip.objects.get().filename.startswith("2024-12-01__BackyardRails__Con___Unknown__")


def test_dry_run_says_so_and_changes_nothing(con):
    assert tidy(dry_run=True) == "Con: “Con” in file names becomes “Con_”."
    con.refresh_from_db()
    assert con.slug == "Con"
    assert not Job.objects.exists()


def test_second_run_finds_nothing(con):
    tidy()
    assert tidy() == "All names are tidy."


def test_tricks_that_turn_out_to_be_one_are_proposed_for_a_merge():
    good, double = Trick.objects.add("FS 360"), Trick.objects.add("Spin")
    Trick.objects.filter(pk=double.pk).update(name="frontside 3", normal_name="fs 360~2")
    page = reverse("admin:tricks_trick_merge", args=[double.pk, good.pk])
    assert tidy() == f"frontside 3 reads like FS 360: merge them at {page}"
    assert Trick.objects.count() == 2


def test_a_name_that_was_read_by_older_rules_is_read_again():
    trick = Trick.objects.add("BS 180")
    Trick.objects.filter(pk=trick.pk).update(normal_name="backside180")
    assert tidy() == "BS 180: now read as “bs 180” instead of “backside180”."
    assert Trick.objects.named("back 1").get() == trick


def test_riders_whose_names_read_the_same_are_proposed_for_a_merge():
    zoe, twin = Person.objects.add("Zoë"), Person.objects.add("Zoë (2)")
    page = reverse("admin:people_person_merge", args=[twin.pk, zoe.pk])
    assert tidy() == f"Zoë (2) reads like Zoë: merge them at {page}"

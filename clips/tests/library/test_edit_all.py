"""Tests that one edit or change of tags reaches all cameras' clips of a trick, and is undone for all of them."""

import uuid
from dataclasses import replace

import pytest
from django.urls import reverse

from clips.library.edit_all import are_cut_alike, edit
from clips.library.new_version import reedit
from clips.library.undoing import undo
from clips.models import BulkChange, FinalClip, Job, JobKind
from clips.sorting.decisions import Choice, ConflictError, choice_of
from clips.tests.library.test_clip_angles import clips  # noqa: F401 - fixtures
from clips.tests.sorting.test_angles import DRIFT_PPM, LATER_S, page, scene  # noqa: F401 - fixtures
from people.models import Person
from tricks.models import Trick

pytestmark = pytest.mark.django_db


@pytest.fixture
def helmet(clips) -> FinalClip:  # noqa: F811
    return clips["CAM_HELMET"]


@pytest.fixture
def phone(clips) -> FinalClip:  # noqa: F811
    return clips["CAM_PHONE"]


@pytest.fixture
def tom(db) -> Person:
    return Person.objects.add("Tom")


def now(clip: FinalClip) -> FinalClip:
    return FinalClip.objects.get(lineage=clip.lineage, is_current=True)


def changed(clip: FinalClip, **wanted: object) -> Choice:
    return replace(choice_of(clip), **wanted)


#: The name of a frame follows its beginning by up to a millisecond, the frame an instant by up to another, and how two
#: videos lie is noted to half of one.
NAMED_WITHIN_MS = 2.5


def in_phone_ms(helmet_ms: int) -> float:
    return (helmet_ms - 1000 * LATER_S) / (1 + DRIFT_PPM * 1e-6)


def test_another_rider_and_trick_reach_each_camera_and_leave_its_cut(helmet, phone, sorter, tom):
    made = edit(helmet, changed(helmet, person=tom, trick=Trick.objects.add("KFED")), member=sorter)
    assert [str(now(clip).person) for clip in (helmet, phone)] == ["Tom", "Tom"]
    assert [str(now(clip).trick) for clip in (helmet, phone)] == ["KFED", "KFED"]
    assert "__Tom__KFED__CAM_PHONE__" in now(phone).filename
    assert (now(phone).start_ms, now(phone).end_ms) == (phone.start_ms, phone.end_ms)
    assert (made.version, str(made.change), made.n_left) == (now(helmet), "Edited 2 clips", 0)


def test_what_the_edit_does_not_change_stays_different_from_camera_to_camera(helmet, phone, sorter, tom):
    reedit(phone, changed(phone, category="CRASH"), member=sorter)
    edit(helmet, changed(helmet, person=tom), member=sorter)
    assert (str(now(phone).person), now(phone).category, now(helmet).category) == ("Tom", "CRASH", "TRICK")


def test_one_camera_alone_is_edited_on_request(helmet, phone, sorter, tom):
    made = edit(helmet, changed(helmet, person=tom, end_ms=303_000), member=sorter, tags=False)
    assert now(phone) == phone
    assert (made.change, BulkChange.objects.count()) == (None, 0)


@pytest.mark.slow
def test_another_cut_is_made_at_the_same_instants_in_each_camera(helmet, phone, sorter):
    assert are_cut_alike(helmet)
    assert are_cut_alike(phone)
    edit(helmet, changed(helmet, start_ms=301_000, end_ms=302_500), member=sorter, cut=True)
    assert now(phone).start_ms == pytest.approx(in_phone_ms(301_000), abs=NAMED_WITHIN_MS)
    assert now(phone).end_ms == pytest.approx(in_phone_ms(302_500), abs=NAMED_WITHIN_MS)
    assert are_cut_alike(now(helmet))
    waiting = set(Job.objects.active().filter(kind=JobKind.RENDER).values_list("clip", flat=True))
    assert {now(helmet).pk, now(phone).pk} <= waiting
    edit(now(phone), changed(now(phone), end_ms=293_300), member=sorter, cut=True)
    in_helmet_ms = 293_300 * (1 + DRIFT_PPM * 1e-6) + 1000 * LATER_S
    assert now(helmet).end_ms == pytest.approx(in_helmet_ms, abs=NAMED_WITHIN_MS)
    edit(now(phone), changed(now(phone), end_ms=293_000), member=sorter)
    assert not are_cut_alike(now(helmet))


def test_a_camera_that_does_not_show_the_new_cut_keeps_its_own_and_gets_the_names(helmet, phone, sorter, tom):
    made = edit(helmet, changed(helmet, person=tom, start_ms=2_000, end_ms=6_000), member=sorter, cut=True)
    assert (str(now(phone).person), now(phone).start_ms, made.n_left) == ("Tom", phone.start_ms, 1)


@pytest.mark.slow
def test_undo_takes_all_cameras_back_together(helmet, phone, sorter, tom):
    made = edit(helmet, changed(helmet, person=tom, end_ms=303_000), member=sorter, cut=True)
    undone = undo(made.change, member=sorter)
    assert (undone.n_restored, undone.n_kept) == (2, 0)
    for clip in (helmet, phone):
        assert choice_of(now(clip)) == choice_of(clip)
    with pytest.raises(ConflictError, match="already undone"):
        undo(made.change, member=sorter)


@pytest.mark.slow
def test_undo_leaves_alone_what_was_edited_again_since(helmet, phone, sorter, other_sorter, tom):
    made = edit(helmet, changed(helmet, person=tom), member=sorter)
    reedit(now(phone), changed(now(phone), category="CRASH"), member=other_sorter)
    undone = undo(made.change, member=sorter)
    assert (undone.n_restored, undone.n_kept) == (1, 1)
    assert (str(now(helmet).person), str(now(phone).person)) == ("Mia Berg", "Tom")


def test_what_somebody_changed_since_the_form_was_opened_stays_theirs(helmet, phone, sorter, other_sorter, tom):
    theirs = reedit(phone, changed(phone, category="CRASH"), member=other_sorter)
    made = edit(helmet, changed(helmet, person=tom), member=sorter, shown=[phone.pk])
    assert now(phone) == theirs
    assert (made.change, made.n_left) == (None, 1)


def test_of_two_who_edit_two_angles_at_once_the_second_is_told_and_nothing_is_doubled(
    helmet, phone, sorter, other_sorter, tom
):
    edit(helmet, changed(helmet, person=tom), member=sorter, shown=[phone.pk])
    with pytest.raises(ConflictError, match="Somebody else changed"):
        edit(phone, changed(phone, category="CRASH"), member=other_sorter, shown=[helmet.pk])
    assert FinalClip.objects.count() == 4
    again = edit(helmet, changed(helmet, person=tom), member=sorter, shown=[phone.pk])
    assert (again.version, again.change, FinalClip.objects.count()) == (now(helmet), None, 4)


def form_of(client, clip: FinalClip, **fields: object) -> dict:
    form = client.get(reverse("clips:clip_edit", args=[clip.pk])).context["form"]
    return {name: form[name].value() for name in ("people", "trick", "category", "start_ms", "end_ms")} | fields


@pytest.mark.slow
def test_the_form_offers_all_cameras_and_its_page_offers_to_undo_it(client, sorter, helmet, phone):
    client.force_login(sorter)
    address = reverse("clips:clip_edit", args=[helmet.pk])
    text = client.get(address).content.decode()
    assert "Also in 1 other camera" in text
    assert text.count('type="checkbox" name="tags_all" checked') == 1
    assert text.count('type="checkbox" name="cut_all" checked') == 1, "both were cut at the same instants"
    fields = {"people": "Tom", "beside": str(phone.pk), "tags_all": "on"}
    answer = client.post(address, form_of(client, helmet, **fields), follow=True)
    assert "Edited 2 clips." in answer.content.decode()
    change = BulkChange.objects.get()
    answer = client.post(reverse("clips:bulk_undo", args=[change.pk]), {"next": "/clips"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("clips:clip", args=[now(helmet).pk])
    assert [str(now(clip).person) for clip in (helmet, phone)] == ["Mia Berg", "Mia Berg"]


@pytest.mark.slow
def test_a_form_without_the_boxes_edits_one_camera(client, sorter, helmet, phone):
    client.force_login(sorter)
    client.post(reverse("clips:clip_edit", args=[helmet.pk]), form_of(client, helmet, people="Tom"))
    assert (str(now(helmet).person), now(phone)) == ("Tom", phone)


@pytest.mark.slow
def test_a_change_of_many_reaches_the_other_cameras_unless_the_selected_alone_are_meant(client, sorter, helmet, phone):
    client.force_login(sorter)
    asked = {"clips": str(helmet.pk), "people": "Tom"}
    plan = client.post(reverse("clips:clips_tag_plan"), asked).content.decode()
    assert "2 clips change." in plan
    assert "Without 1 clip of the same trick from another camera" in plan
    alone = client.post(reverse("clips:clips_tag_plan"), asked | {"only_selected": "on"}).content.decode()
    assert "1 clip changes." in alone
    assert 'name="only_selected"' in alone
    client.post(reverse("clips:clips_tag"), asked | {"key": uuid.uuid4()})
    assert [str(now(clip).person) for clip in (helmet, phone)] == ["Tom", "Tom"]
    undo(BulkChange.objects.get(), member=sorter)
    assert [str(now(clip).person) for clip in (helmet, phone)] == ["Mia Berg", "Mia Berg"]
    client.post(reverse("clips:clips_tag"), asked | {"key": uuid.uuid4(), "only_selected": "on"})
    assert [str(now(clip).person) for clip in (helmet, phone)] == ["Tom", "Mia Berg"]


@pytest.mark.slow
def test_programs_edit_and_tag_all_cameras_unless_they_say_otherwise(client, sorter, helmet, phone, tom):
    client.force_login(sorter)

    def post(name: str, *args: object, **fields: object) -> object:
        return client.post(reverse(f"api:{name}", args=args), fields, content_type="application/json")

    assert post("clip_edit", helmet.pk, person=str(tom.pk)).status_code == 200
    assert [str(now(clip).person) for clip in (helmet, phone)] == ["Tom", "Tom"]
    answer = post("clip_edit", now(helmet).pk, person=None, end_ms=303_000, all_cameras=False, cut_all_cameras=True)
    assert answer.json()["person"] is None
    assert (str(now(phone).person), now(phone).end_ms) == ("Tom", pytest.approx(in_phone_ms(303_000), abs=1.5))
    asked = {"clips": [str(now(helmet).pk)], "category": "CRASH"}
    assert post("clip_bulk", key=str(uuid.uuid4()), **asked).json()["n_changed"] == 2
    asked["category"] = "BROLL"
    assert post("clip_bulk", key=str(uuid.uuid4()), all_cameras=False, **asked).json()["n_changed"] == 1
    assert (now(helmet).category, now(phone).category) == ("BROLL", "CRASH")

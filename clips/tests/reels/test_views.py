"""Tests of the pages of edits: what they show and answer, who may do what, and their queries."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.library import emptying, export_texts
from clips.library.bin import restore, throw_away
from clips.library.bin_rights import BinError, NotAllowedError
from clips.models import BinEntry, BinKind, FinalClip, Job, JobKind, OriginalFile, Reel, ReelChange
from clips.reels import editing
from clips.tests.factories import FinalClipFactory
from people.leaving import FORMER_MEMBER, erase
from people.models import Member, Role

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(client, sorter, page_of):
    """Post to a route of an edit as the sorter's open page does."""
    client.force_login(sorter)

    def send(route, *arguments, **fields):
        fields = {"lease": page_of(sorter), "key": uuid.uuid4()} | fields
        return client.post(reverse(f"clips:{route}", args=arguments), fields, headers=HTMX)

    return send


def chosen(clips, **fields):
    return {"clips": ",".join(str(clip.pk) for clip in clips), "key": uuid.uuid4()} | fields


def test_a_selection_becomes_an_edit_and_is_taken_out_again(client, sorter, clips):
    client.force_login(sorter)
    asked = chosen(clips[:3], name="  Best of   December ")
    answer = client.post(reverse("clips:reel_add"), asked, headers=HTMX)
    assert "Added 3 clips to" in answer.text
    reel = Reel.objects.get()
    assert (reel.name, reel.made_by_name, reel.clips.count()) == ("Best of December", sorter.username, 3)
    assert client.post(reverse("clips:reel_add"), asked, headers=HTMX).status_code == 200
    assert ReelChange.objects.count() == 1
    client.post(reverse("clips:reel_add_undo", args=[asked["key"]]), headers=HTMX)
    assert not Reel.objects.exists()


def test_undoing_what_joined_an_old_edit_leaves_the_edit(client, sorter, reel, filmed):
    client.force_login(sorter)
    new = FinalClipFactory(original_file=filmed, start_ms=30_000, end_ms=31_000)
    asked = chosen([new], name="december")
    client.post(reverse("clips:reel_add"), asked, headers=HTMX)
    assert reel.clips.count() == 5
    client.post(reverse("clips:reel_add_undo", args=[asked["key"]]), headers=HTMX)
    assert reel.clips.count() == 4


def test_all_that_match_are_added_but_those_left_out(client, sorter, clips, shoot):
    client.force_login(sorter)
    asked = {
        "all": "on",
        "query": f"session={shoot.pk}",
        "without": str(clips[0].pk),
        "name": "All",
        "key": uuid.uuid4(),
    }
    assert "Added 3 clips" in client.post(reverse("clips:reel_add"), asked, headers=HTMX).text


def test_a_refused_new_edit_is_not_left_behind(client, sorter, clips):
    client.force_login(sorter)
    FinalClip.objects.update(is_current=False)
    answer = client.post(reverse("clips:reel_add"), chosen(clips, name="Nothing"), headers=HTMX)
    assert answer.status_code == 409
    assert not Reel.objects.exists()


def test_an_edit_of_a_session_has_its_clips_in_the_order_of_the_day(client, sorter, shoot, clips):
    client.force_login(sorter)
    asked = {"all": "on", "query": f"session={shoot.pk}&sort=oldest", "session": shoot.pk, "key": uuid.uuid4()}
    answer = client.post(reverse("clips:reel_make"), asked)
    reel = Reel.objects.get()
    assert answer["Location"] == reverse("clips:reel", args=[reel.pk])
    assert (reel.name, reel.shoot) == (shoot.name, shoot)
    lineages = list(reel.clips.order_by("position").values_list("lineage", flat=True))
    assert lineages == [clip.lineage for clip in clips]
    again = client.post(reverse("clips:reel_make"), asked)
    assert again["Location"] == answer["Location"]
    client.post(reverse("clips:reel_make"), asked | {"key": uuid.uuid4()})
    assert sorted(Reel.objects.values_list("name", flat=True)) == [shoot.name, f"{shoot.name} 2"]


def test_the_picker_offers_edits_and_a_new_one(client, sorter, reel):
    client.force_login(sorter)
    ask = lambda typed: client.get(reverse("clips:reel_pick"), {"q": typed}, headers=HTMX).text  # noqa: E731
    assert "December" in ask("")
    assert "data-new" in ask("dec")
    assert "data-exact" in ask("DECEMBER")
    assert "data-new" not in ask("DECEMBER")


@pytest.mark.slow
def test_each_route_changes_what_it_says(post, reel):
    row = reel.clips.get(position=2)
    assert post("reel_clip_move", reel.pk, row.pk, position=1).status_code == 200
    post("reel_clip_trim", reel.pk, row.pk, start_ms="0:00.5", end_ms="0:01.5")
    post("reel_clip_speed", reel.pk, row.pk, speed=50)
    post("reel_clip_title", reel.pk, row.pk, title="Clean")
    post("reel_clip_sound", reel.pk, row.pk)
    row.refresh_from_db()
    assert (row.position, row.start_ms, row.end_ms, row.speed, row.title, row.has_sound) == (
        1, 5500, 6500, 50, "Clean", False,
    )  # fmt: skip
    post("reel_clip_crop", reel.pk, row.pk, at_ms=250, middle=310)
    row.refresh_from_db()
    assert row.crop == [[5250, 310]]
    assert post("reel_clip_crop", reel.pk, row.pk, at_ms=250, middle=1001).status_code == 422
    post("reel_clip_crop", reel.pk, row.pk, follow="1")
    row.refresh_from_db()
    assert row.crop == []
    post("reel_clip_trim", reel.pk, row.pk, whole="1")
    row.refresh_from_db()
    assert row.start_ms is None
    post("reel_rename", reel.pk, name="January")
    answer = post("reel_clip_remove", reel.pk, row.pk)
    assert "January" in answer.text
    assert reel.clips.count() == 3
    last = reel.changes.to_undo()
    post("reel_undo", reel.pk, last.pk)
    assert reel.clips.count() == 4
    post("reel_redo", reel.pk, last.pk)
    assert reel.clips.count() == 3


def test_a_refused_change_answers_with_the_clips_as_they_are_and_why(post, reel):
    row = reel.clips.get(position=1)
    answer = post("reel_clip_trim", reel.pk, row.pk, start_ms="0:00", end_ms="0:09")
    assert answer.status_code == 422
    assert "The clip doesn’t reach that far." in answer.text
    assert answer.text.count("data-reel-clip=") == 4
    Reel.objects.create(name="Taken", made_by_name="mia")
    assert post("reel_rename", reel.pk, name="taken").status_code == 409


def test_a_second_page_waits_until_the_first_one_is_left(client, sorter, curator, reel):
    mine, yours = uuid.uuid4(), uuid.uuid4()
    address = reverse("clips:reel_lease", args=[reel.pk])
    client.force_login(sorter)
    assert client.post(address, {"lease": mine}).status_code == 200
    client.force_login(curator)
    answer = client.post(address, {"lease": yours})
    assert answer.status_code == 409
    assert f"{sorter.username} is editing." in answer.text
    client.force_login(sorter)
    client.post(reverse("clips:reel_lease_end", args=[reel.pk]), {"lease": mine})
    client.force_login(curator)
    assert client.post(address, {"lease": yours}).status_code == 200
    Reel.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    client.force_login(sorter)
    assert client.post(address, {"lease": mine}).status_code == 200


def test_a_viewer_watches_and_changes_nothing(client, viewer, reel):
    client.force_login(viewer)
    page = client.get(reverse("clips:reel", args=[reel.pk])).text
    assert "data-reel-player" in page
    assert "data-grip" not in page
    assert "data-lease-url" not in page


def test_a_clip_in_the_bin_is_left_out_and_comes_back(client, sorter, curator, reel, clips):
    entry = throw_away(curator, clips=[clips[0]])
    client.force_login(sorter)
    page = client.get(reverse("clips:reel", args=[reel.pk])).text
    assert "1 clip is in the bin and left out." in page
    restore(entry, curator)
    assert "left out" not in client.get(reverse("clips:reel", args=[reel.pk])).text


def test_copies_are_asked_for_where_a_browser_plays_no_clip(client, viewer, reel):
    OriginalFile.objects.update(codec="hevc")
    FinalClip.objects.update(stored_path="final_clips/x.mp4", file_hash="a" * 64, size_bytes=9)
    client.force_login(viewer)
    assert "being prepared" in client.get(reverse("clips:reel", args=[reel.pk])).text
    for _again in range(2):
        answer = client.post(reverse("clips:reel_playable", args=[reel.pk]), headers=HTMX)
        assert "Preparing 4 clips" in answer.text
    assert Job.objects.filter(kind=JobKind.SHARE).count() == 4


@pytest.mark.parametrize("n_more", [0, 20])
def test_the_page_takes_a_fixed_number_of_queries(
    client, sorter, reel, hand, filmed, n_more, django_assert_max_num_queries
):
    for number in range(n_more):
        at = 20_000 + 1000 * number
        FinalClipFactory(original_file=filmed, start_ms=at, end_ms=at + 900)
    if n_more:
        editing.add_clips(reel, FinalClip.objects.all(), hand=hand(sorter))
    client.force_login(sorter)
    with django_assert_max_num_queries(16):
        assert client.get(reverse("clips:reel", args=[reel.pk])).text.count("data-reel-clip=") == 4 + n_more


@pytest.mark.parametrize("n_reels", [1, 20])
def test_the_list_takes_a_fixed_number_of_queries(client, sorter, reel, n_reels, django_assert_max_num_queries):
    for number in range(n_reels - 1):
        Reel.objects.create(name=f"Edit {number}", made_by=sorter, made_by_name=sorter.username)
    client.force_login(sorter)
    with django_assert_max_num_queries(6):
        assert client.get(reverse("clips:reels")).text.count("reel-entry") == n_reels


def test_an_edit_goes_to_the_bin_alone_and_comes_back(client, sorter, reel):
    client.force_login(sorter)
    client.post(reverse("clips:bin_throw"), {"reels": reel.pk, "reason": "too long", "next": "/edits"})
    entry = BinEntry.objects.get()
    assert (entry.kind, entry.title, entry.reason, entry.n_clips) == (BinKind.EDIT, "December", "too long", 4)
    assert FinalClip.objects.current().count() == 4
    assert client.get(reverse("clips:reel", args=[reel.pk])).status_code == 410
    assert "December" in client.get(reverse("clips:bin")).text
    client.post(reverse("clips:bin_restore", args=[entry.pk]))
    assert client.get(reverse("clips:reel", args=[reel.pk])).status_code == 200


def test_a_name_given_again_keeps_an_edit_in_the_bin(sorter, reel):
    entry = throw_away(sorter, reels=[reel])
    editing.make_reel("December", member=sorter)
    with pytest.raises(BinError, match="Rename that one first"):
        restore(entry, sorter)


def test_a_sorter_bins_their_own_edits_only(reel, curator):
    other = Member.objects.create_user("tom", role=Role.SORTER)
    with pytest.raises(NotAllowedError):
        throw_away(other, reels=[reel])


def test_an_emptied_edit_is_gone_and_its_clips_stay(sorter, curator, reel, work_off):
    entry = throw_away(sorter, reels=[reel])
    emptying.delete_now(entry, curator)
    work_off()
    assert not Reel.objects.exists()
    assert FinalClip.objects.current().count() == 4


def test_a_member_who_leaves_is_a_former_member(sorter, admin, reel):
    erase(sorter)
    reel.refresh_from_db()
    assert reel.made_by_name == FORMER_MEMBER
    assert set(reel.changes.values_list("member_name", flat=True)) == {FORMER_MEMBER}


def test_an_export_has_the_edits_with_their_clips(sorter, reel):
    shown = list(export_texts.edits(Reel.objects.all()))
    assert [(edit["name"], edit["by"]) for edit in shown] == [("December", sorter.username)]
    assert [place["file"] for place in shown[0]["clips"]] == list(
        FinalClip.objects.order_by("start_ms").values_list("filename", flat=True)
    )

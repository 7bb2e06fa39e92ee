"""Tests the clip's page and new versions: their list, neighbours, and that one of two concurrent editors wins."""

import threading
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clips.library.new_version import UnchangedError, reedit
from clips.library.search import matching
from clips.models import FinalClip, Job, JobKind, JobState, OriginalFile, Preview
from clips.sorting import decisions
from clips.tests.factories import CandidateSegmentFactory
from people.models import Person
from tricks.models import Trick


@pytest.fixture
def miller(db) -> Person:
    return Person.objects.add("Miller Downey")


@pytest.fixture
def clip(original, sorter, miller) -> FinalClip:
    segment = CandidateSegmentFactory(original_file=original, start_ms=10_000, end_ms=14_000)
    choice = decisions.Choice(start_ms=10_000, end_ms=14_000, person=miller, trick=Trick.objects.add("KFED"))
    return decisions.make_clip(original, choice, sorter, candidate_segment=segment)


def fields_of(clip: FinalClip, **changed) -> dict:
    """Return the data of the form when only ``changed`` was touched."""
    fields = {
        "start_ms": f"0:{clip.start_ms / 1000:06.3f}",
        "end_ms": f"0:{clip.end_ms / 1000:06.3f}",
        "category": clip.category,
        "people": ", ".join(str(person) for person in (clip.person, *clip.also.all()) if person),
        "trick": str(clip.trick or ""),
    }
    return fields | changed


def edit(client: Client, clip: FinalClip, **changed):
    return client.post(reverse("clips:clip_edit", args=[clip.pk]), fields_of(clip, **changed))


def test_an_edit_is_a_new_version_with_a_name_of_its_own(client, sorter, clip):
    client.force_login(sorter)
    answer = edit(client, clip, start_ms="0:10.500")
    version = FinalClip.objects.get(is_current=True)
    assert (answer.status_code, answer["Location"]) == (302, f"/clips/{version.pk}")
    assert (version.start_ms, version.lineage, version.candidate_segment) == (
        10_500,
        clip.lineage,
        clip.candidate_segment,
    )
    assert clip.filename.endswith("__v001.mp4")
    assert version.filename == clip.filename.replace("v001", "v002")
    assert Job.objects.get(clip=version).kind == JobKind.RENDER
    clip.refresh_from_db()
    assert (clip.is_current, clip.start_ms) == (False, 10_000), "the old version is kept as it was"


def test_another_person_and_trick_change_name_and_search(client, sorter, clip, miller):
    client.force_login(sorter)
    edit(client, clip, people="Jo, miller downey", trick="", category="CRASH")
    version = FinalClip.objects.get(is_current=True)
    assert "__Jo__Unknown__" in version.filename
    assert list(version.also.all()) == [miller]
    assert matching(FinalClip.objects.current(), "mil jo crash").get() == version
    assert not matching(FinalClip.objects.current(), "kfed").exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"end_ms": "0:09"}, "must end after it starts"),
        ({"end_ms": "11:00"}, "The video is 10:00 long"),
        ({"start_ms": "soon"}, "Enter a time like"),
        ({}, "Nothing has changed yet."),
    ],
)
def test_what_cannot_be_saved_is_said_in_place(client, sorter, clip, changed, sentence):
    client.force_login(sorter)
    answer = edit(client, clip, **changed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert FinalClip.objects.get().is_current


def test_who_comes_second_sees_the_first_ones_version_and_their_own_words(client, sorter, other_sorter, clip):
    reedit(clip, decisions.Choice(start_ms=11_000, end_ms=13_000), member=other_sorter)
    client.force_login(sorter)
    answer = edit(client, clip, end_ms="0:12.250")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="0:11.000"' in page
    assert "0:12.250" in page
    assert reverse("clips:clip_edit", args=[FinalClip.objects.get(is_current=True).pk]) in page
    assert FinalClip.objects.count() == 2


def test_a_refused_save_adds_nobody(client, sorter, clip):
    client.force_login(sorter)
    assert edit(client, clip, people="Somebody New", end_ms="11:00").status_code == 422
    assert not Person.objects.called("Somebody New").exists()


def test_a_save_that_was_sent_twice_makes_one_version(client, sorter, clip):
    client.force_login(sorter)
    first, second = (edit(client, clip, start_ms="0:10.500") for _ in range(2))
    assert first["Location"] == second["Location"]
    assert FinalClip.objects.count() == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_eight_who_edit_at_once_one_wins(clip, sorter):
    outcomes = []
    together = threading.Barrier(8)

    def race(number: int) -> None:
        together.wait()
        try:
            outcomes.append(reedit(clip, decisions.Choice(start_ms=number, end_ms=5_000), member=sorter))
        except decisions.ConflictError:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([version for version in outcomes if version]) == 1
    assert len(outcomes) == 8
    assert FinalClip.objects.count() == 2


def test_nothing_different_leaves_the_version_current(clip, sorter):
    with pytest.raises(UnchangedError):
        reedit(clip, decisions.choice_of(clip), member=sorter)
    clip.refresh_from_db()
    assert clip.is_current


def test_editing_an_old_version_leads_to_the_current_one(client, sorter, clip):
    version = reedit(clip, decisions.Choice(start_ms=0, end_ms=5), member=sorter)
    client.force_login(sorter)
    assert client.get(reverse("clips:clip_edit", args=[clip.pk]))["Location"] == f"/clips/{version.pk}/edit"


def test_a_clip_without_a_segment_can_be_edited(client, sorter, clip):
    FinalClip.objects.update(candidate_segment=None)
    client.force_login(sorter)
    assert client.get(reverse("clips:clip_edit", args=[clip.pk])).status_code == 200
    assert edit(client, clip, end_ms="0:15").status_code == 302


@pytest.mark.parametrize("name", ["clips:clip", "clips:clip_edit"])
def test_a_removed_clip_is_gone_with_a_sentence(client, sorter, clip, name):
    FinalClip.objects.update(is_current=False, removed_at=timezone.now())
    client.force_login(sorter)
    answer = client.get(reverse(name, args=[clip.pk]))
    assert answer.status_code == 410
    assert "This clip was removed" in answer.content.decode()


def test_all_versions_are_listed_and_old_ones_play(client, viewer, sorter, clip):
    FinalClip.objects.update(stored_path="final_clips/one.mp4", file_hash="a" * 64, size_bytes=5)
    OriginalFile.objects.update(codec="h264")
    version = reedit(clip, decisions.Choice(start_ms=0, end_ms=5_000), member=sorter)
    client.force_login(viewer)
    page = client.get(reverse("clips:clip", args=[version.pk]))
    assert [row.pk for row in page.context["versions"]] == [version.pk, clip.pk]
    said = page.content.decode()
    assert said.index("Current version") < said.index(version.filename, said.index("Current version"))
    assert said.index("Earlier version") < said.index(clip.filename, said.index("Earlier version"))
    assert "Version 1" not in said, "v002 in a name may well be somebody's first version"
    old = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert "This is an earlier version." in old
    assert f'src="/media/clips/{clip.pk}.mp4"' in old
    assert f"/clips/{clip.pk}/edit" not in old


@pytest.mark.slow
def test_an_earlier_version_is_used_again_under_a_name_of_its_own(client, sorter, other_sorter, clip):
    reedit(clip, decisions.Choice(start_ms=0, end_ms=5_000), member=other_sorter)
    client.force_login(sorter)
    answer = client.post(reverse("clips:clip_use_again", args=[clip.pk]), follow=True)
    (current,) = FinalClip.objects.filter(lineage=clip.lineage, is_current=True)
    assert (current.start_ms, current.end_ms) == (clip.start_ms, clip.end_ms)
    assert current.filename not in {clip.filename, ""}
    assert answer.redirect_chain == [(reverse("clips:clip", args=[current.pk]), 302)]
    again = client.post(reverse("clips:clip_use_again", args=[clip.pk]), follow=True)
    assert "Nothing has changed yet." in again.content.decode()
    assert FinalClip.objects.filter(lineage=clip.lineage).count() == 3


def test_the_old_version_of_a_clip_that_is_gone_is_gone_too(client, sorter, clip):
    version = reedit(clip, decisions.Choice(start_ms=0, end_ms=5_000), member=sorter)
    FinalClip.objects.filter(pk=version.pk).update(is_current=False, removed_at=timezone.now())
    client.force_login(sorter)
    assert client.get(reverse("clips:clip", args=[clip.pk])).status_code == 410


def test_what_browsers_do_not_play_is_shown_as_its_preview(client, viewer, clip):
    FinalClip.objects.update(stored_path="final_clips/one.mp4", file_hash="a" * 64, size_bytes=5)
    OriginalFile.objects.update(codec="hevc")
    client.force_login(viewer)
    url = reverse("clips:clip", args=[clip.pk])
    page = client.get(url).content.decode()
    assert "Creating a playable copy" in page
    assert f'hx-post="/clips/{clip.pk}/playable" hx-trigger="load"' in page
    Preview.objects.create(
        segment=clip.candidate_segment, stored_path="p", start_ms=7_000, end_ms=17_000,
        width_px=960, height_px=540, size_bytes=1,
    )  # fmt: skip
    page = client.get(url).content.decode()
    assert f"/media/previews/{clip.candidate_segment_id}.mp4#t=3.000,7.000" in page
    assert "Browsers can’t play HEVC" in page


@pytest.mark.slow
def test_the_neighbours_are_those_of_the_query_and_of_the_video(client, viewer, sorter, original, clip, miller):
    others = [
        decisions.make_clip(original, decisions.Choice(start_ms=start_ms, end_ms=start_ms + 1, person=person), sorter)
        for start_ms, person in ((1_000, miller), (5_000, None), (20_000, miller))
    ]
    client.force_login(viewer)
    page = client.get(reverse("clips:clip", args=[clip.pk]), {"sort": "oldest"})
    assert page.context["in_library"] == (None, others[0])
    page = client.get(reverse("clips:clip", args=[others[0].pk]), {"sort": "oldest", "person": "Miller_Downey"})
    assert page.context["in_library"] == (clip, others[2])
    page = client.get(reverse("clips:clip", args=[clip.pk]))
    assert page.context["in_original"] == (others[1], others[2])


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["newest", "oldest", "person", "trick"])
def test_going_on_and_on_meets_every_clip_in_the_order_of_the_list(client, viewer, sorter, original, clip, sort):
    people = [Person.objects.add(name) for name in ("anna", "Zed", "Émile")]
    trick = Trick.objects.add("Nosebonk")
    for number in range(6):
        person = people[number % 3] if number < 4 else None
        choice = decisions.Choice(start_ms=number, end_ms=9, person=person, trick=trick if number % 2 else None)
        decisions.make_clip(original, choice, sorter)
    FinalClip.objects.filter(person=None).update(date="2020-02-02")
    client.force_login(viewer)
    listed = [shown.pk for shown in client.get("/clips", {"sort": sort}).context["page"]]
    walked, pk = [], listed[0]
    while pk:
        walked.append(pk)
        page = client.get(reverse("clips:clip", args=[pk]), {"sort": sort})
        after = page.context["in_library"][1]
        pk = after and after.pk
    assert walked == listed


@pytest.mark.slow
def test_the_page_costs_the_same_with_a_thousand_clips(
    client, viewer, sorter, original, clip, django_assert_num_queries
):
    client.force_login(viewer)
    url = reverse("clips:clip", args=[clip.pk])
    with django_assert_num_queries(20):
        client.get(url, {"q": "mil"})
    FinalClip.objects.bulk_create(
        FinalClip(
            original_file=original, filename=f"{n}.mp4", start_ms=n, end_ms=n + 1, search_text="miller",
            camera_id="C", fps_label="F", date="2024-12-01",
        )
        for n in range(1000)
    )  # fmt: skip
    with django_assert_num_queries(20):
        client.get(url, {"q": "mil"})


# The same through the API.


def test_the_api_edits_what_it_is_told_and_leaves_the_rest(client, sorter, clip):
    client.force_login(sorter)
    url = reverse("api:clip_edit", args=[clip.pk])
    answer = client.post(url, {"end_ms": 15_000}, content_type="application/json")
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["start_ms"], body["end_ms"], body["person"]["slug"]) == (10_000, 15_000, "Miller_Downey")
    assert body["lineage"] == str(clip.lineage)


@pytest.mark.parametrize(
    ("fields", "status"), [({"end_ms": 1}, 422), ({}, 422), ({"category": "FUN"}, 422), ({"start_ms": "x"}, 422)]
)
def test_the_api_refuses_with_a_sentence(client, sorter, clip, fields, status):
    client.force_login(sorter)
    answer = client.post(reverse("api:clip_edit", args=[clip.pk]), fields, content_type="application/json")
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")


def test_the_api_tells_a_lost_race_and_an_unknown_clip_apart(client, sorter, other_sorter, clip):
    reedit(clip, decisions.Choice(start_ms=0, end_ms=5_000), member=other_sorter)
    client.force_login(sorter)
    for pk, status in ((clip.pk, 409), (uuid.uuid4(), 404)):
        answer = client.post(reverse("api:clip_edit", args=[pk]), {"end_ms": 15_000}, content_type="application/json")
        assert answer.status_code == status
        assert answer.json()["detail"]


@pytest.mark.slow
def test_who_watches_while_a_clip_is_cut_is_not_interrupted(client, sorter, clip):
    client.force_login(sorter)
    Job.objects.for_target(JobKind.RENDER, clip)
    address = reverse("clips:clip", args=[clip.pk])
    assert f'hx-get="{address}?waits_for=cut"' in client.get(address).text
    asking = {"HX-Request": "true", "HX-Target": "clip-player"}
    still = client.get(f"{address}?waits_for=cut", headers=asking)
    assert (still["HX-Retarget"], still["HX-Reselect"]) == ("#clip-player .player-says",) * 2
    assert "HX-Retarget" not in client.get(f"{address}?waits_for=copy", headers=asking), "another state: all of it"
    Job.objects.filter(clip=clip).update(state=JobState.CANCELLED)
    ended = client.get(f"{address}?waits_for=cut", headers=asking)
    assert "HX-Retarget" not in ended
    assert "hx-trigger" not in ended.text.partition('id="clip-player"')[2].partition(">")[0]

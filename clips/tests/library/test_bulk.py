"""Tests changes of many clips at once: what changes, what does not, and how it is undone."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection
from django.urls import reverse

from clips.archive import renaming
from clips.jobs.worker import claim
from clips.library import bulk
from clips.library.bulk import TagChange
from clips.library.rider_removal import take_out
from clips.library.selection import Selection
from clips.library.undoing import undo
from clips.library.video_moves import move_videos
from clips.models import BulkChange, FinalClip, Job, JobKind, OriginalFile, Shoot
from clips.sorting.decisions import Choice, ConflictError, make_clip
from clips.sorting.trash_many import trash_hidden
from clips.tests.factories import OriginalFileFactory
from people.models import AuditEntry, Person
from tricks.models import Trick


@pytest.fixture
def mia(db) -> Person:
    return Person.objects.add("Mia")


@pytest.fixture
def tom(db) -> Person:
    return Person.objects.add("Tom")


@pytest.fixture
def clips(original, sorter) -> list[FinalClip]:
    """Four clips without a rider or trick."""
    spans = [(second * 1000, second * 1000 + 2000) for second in range(4)]
    return [make_clip(original, Choice(start_ms=start, end_ms=end), sorter) for start, end in spans]


def ids(clips) -> list[uuid.UUID]:
    return [clip.pk for clip in clips]


def tag(clips, member, **change) -> BulkChange:
    return bulk.change_tags(ids(clips), TagChange(**change), member=member, key=uuid.uuid4())


def followed() -> None:
    """Do the jobs by which names follow."""
    for job in Job.objects.active().filter(kind=JobKind.RENAME):
        with claim(job.pk) as work:
            renaming.catch_up(work)


def names() -> set[tuple]:
    rows = FinalClip.objects.current().with_tags()
    return {(str(clip.person), str(clip.trick), clip.category, *map(str, clip.also.all())) for clip in rows}


def test_many_clips_get_rider_trick_and_category_in_one_row(clips, sorter, mia):
    flip = Trick.objects.find_or_add("Kickflip")
    made = tag(clips[:3], sorter, sets_people=True, people=(mia,), sets_trick=True, trick=flip, category="CRASH")
    assert BulkChange.objects.count() == 1
    assert made.n_changed == 3
    assert str(made) == "Tagged 3 clips: Mia · Kickflip · crash"
    assert names() == {("Mia", "Kickflip", "CRASH"), ("None", "None", "TRICK")}


def test_names_and_search_follow_in_one_job(clips, sorter, mia):
    tag(clips, sorter, sets_people=True, people=(mia,))
    assert Job.objects.active().filter(kind=JobKind.RENAME).count() == 1
    followed()
    changed = FinalClip.objects.filter(pk__in=ids(clips))
    assert all("__Mia__" in clip.filename for clip in changed)
    assert all("mia" in clip.search_text.split() for clip in changed)


def test_undo_gives_each_clip_its_own_tags_back(clips, sorter, mia, tom):
    tag(clips[:2], sorter, sets_people=True, people=(tom, mia))
    before = names()
    made = tag(clips, sorter, sets_people=True, people=(mia,), category="BROLL")
    assert names() == {("Mia", "None", "BROLL")}
    undone = undo(made, member=sorter)
    assert (undone.n_restored, undone.n_kept) == (4, 0)
    assert names() == before == {("Tom", "None", "TRICK", "Mia"), ("None", "None", "TRICK")}
    followed()
    stems = {clip.filename.split("__")[2] for clip in FinalClip.objects.current()}
    assert stems == {"Tom", "Unknown"}


def test_undo_leaves_alone_what_was_changed_since(clips, sorter, other_sorter, mia, tom):
    made = tag(clips, sorter, sets_people=True, people=(mia,))
    tag(clips[:1], other_sorter, sets_people=True, people=(tom,))
    undone = undo(made, member=sorter)
    assert (undone.n_restored, undone.n_kept) == (3, 1)
    assert names() == {("Tom", "None", "TRICK"), ("None", "None", "TRICK")}


def test_a_change_is_undone_once_and_by_its_maker_or_a_curator(clips, sorter, other_sorter, curator, mia):
    made = tag(clips, sorter, sets_people=True, people=(mia,))
    with pytest.raises(ConflictError, match="Only mia or a curator"):
        undo(made, member=other_sorter)
    undo(made, member=curator)
    with pytest.raises(ConflictError, match="already undone"):
        undo(made, member=curator)


def test_added_riders_join_those_that_are_there(clips, sorter, mia, tom):
    tag(clips[:2], sorter, sets_people=True, people=(mia,))
    tag(clips, sorter, added=(tom,))
    assert names() == {("Mia", "None", "TRICK", "Tom"), ("Tom", "None", "TRICK")}


def test_the_rider_of_the_file_is_not_listed_twice(clips, sorter, mia, tom):
    tag(clips, sorter, sets_people=True, people=(tom, mia))
    tag(clips, sorter, sets_people=True, people=(mia,))
    assert names() == {("Mia", "None", "TRICK")}
    with pytest.raises(ConflictError, match="Nothing would change"):
        tag(clips, sorter, added=(mia,))


def test_the_same_key_changes_once(clips, sorter, other_sorter, mia, tom):
    key = uuid.uuid4()
    first = bulk.change_tags(ids(clips), TagChange(added=(mia,)), member=sorter, key=key)
    again = bulk.change_tags(ids(clips), TagChange(added=(tom,)), member=sorter, key=key)
    assert again == first
    assert names() == {("Mia", "None", "TRICK")}
    with pytest.raises(ConflictError, match="key was used"):
        bulk.change_tags(ids(clips), TagChange(added=(tom,)), member=other_sorter, key=key)


def test_a_plan_says_what_changes_and_what_does_not(clips, sorter, mia):
    crew = tuple(Person.objects.add(f"Rider {number}") for number in range(12))
    tag(clips[:1], sorter, sets_people=True, people=crew)
    tag(clips[1:2], sorter, sets_people=True, people=(mia,))
    planned = bulk.plan(ids(clips), TagChange(added=(mia,)))
    assert (planned.n_chosen, len(planned.after), planned.n_same, planned.n_full) == (4, 2, 1, 1)
    assert planned.n_renamed == 2
    assert BulkChange.objects.count() == 2


def test_a_removed_clip_is_left_alone(clips, sorter, mia):
    FinalClip.objects.filter(pk=clips[0].pk).update(is_current=False)
    assert tag(clips, sorter, sets_people=True, people=(mia,)).n_changed == 3
    assert FinalClip.objects.get(pk=clips[0].pk).person is None


def test_all_that_match_are_chosen_but_for_some(clips, sorter, mia, tom):
    tag(clips[:3], sorter, sets_people=True, people=(mia,))
    chosen = Selection(all_of="person=Mia&view=list", without=(clips[0].pk,)).clips(sorter)
    assert set(ids(chosen)) == set(ids(clips[1:3]))
    assert set(ids(Selection(ids=tuple(ids(clips[:2]))).clips(sorter))) == set(ids(clips[:2]))


def test_the_page_tags_and_undoes(client, clips, sorter):
    client.force_login(sorter)
    sent = {"clips": ",".join(map(str, ids(clips))), "people": "Mia", "trick": "kickflip", "key": str(uuid.uuid4())}
    plan = client.post(reverse("clips:clips_tag_plan"), sent)
    assert "4 clips change" in plan.content.decode()
    assert not Person.objects.exists()
    answer = client.post(reverse("clips:clips_tag"), sent)
    assert answer.status_code == 200
    assert "Tagged 4 clips: Mia · kickflip" in answer.content.decode()
    assert "clips-changed" in answer.headers["HX-Trigger-After-Swap"]
    made = BulkChange.objects.get()
    answer = client.post(reverse("clips:bulk_undo", args=[made.pk]))
    assert "Undone. 4 are as before." in answer.content.decode()
    assert client.post(reverse("clips:bulk_undo", args=[made.pk])).status_code == 409


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"people": "Mia"}, "Select at least one clip."),
        ({"clips": "x", "people": "Mia"}, "Invalid IDs."),
        ({"clips": str(uuid.uuid4())}, "Choose a rider, a trick or a category."),
        ({"all": "on", "query": "category=NONSENSE", "people": "Mia"}, "These filters are not valid."),
        ({"clips": str(uuid.uuid4()), "people": "Mia", "key": "x"}, "Reload the page."),
    ],
)
def test_a_wrong_form_is_one_sentence(client, sorter, sent, said):
    client.force_login(sorter)
    answer = client.post(reverse("clips:clips_tag"), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_nothing_to_change_adds_no_rider(client, sorter):
    client.force_login(sorter)
    sent = {"clips": str(uuid.uuid4()), "people": "Somebody New", "key": str(uuid.uuid4())}
    answer = client.post(reverse("clips:clips_tag"), sent)
    assert answer.status_code == 409
    assert "not in the library any more" in answer.content.decode()
    assert not Person.objects.exists()


@pytest.fixture
def powder(db) -> Shoot:
    return Shoot.objects.called("Powder", dt.date(2025, 1, 2))


def test_videos_move_with_small_copies_and_clips_and_back(clips, original, powder, sorter):
    copy = OriginalFileFactory(shoot=original.shoot, low_res_of=original, original_filename="GL010001.LRV")
    made = move_videos([original.pk], powder, member=sorter, key=uuid.uuid4())
    followed()
    assert set(powder.files.all()) == {original, copy}
    assert {clip.filename.split("__")[1] for clip in FinalClip.objects.current()} == {"Powder"}
    assert {str(clip.date) for clip in FinalClip.objects.current()} == {"2025-01-02"}
    assert undo(made, member=sorter).n_restored == 2
    followed()
    assert not powder.files.exists()
    assert {str(clip.date) for clip in FinalClip.objects.current()} == {"2024-12-01"}


def test_an_undo_of_a_move_leaves_a_video_that_moved_on(original, powder, sorter):
    made = move_videos([original.pk], powder, member=sorter, key=uuid.uuid4())
    elsewhere = Shoot.objects.called("Elsewhere", powder.date)
    move_videos([original.pk], elsewhere, member=sorter, key=uuid.uuid4())
    undone = undo(made, member=sorter)
    assert (undone.n_restored, undone.n_kept) == (0, 1)
    assert OriginalFile.objects.get(pk=original.pk).shoot == elsewhere


def test_hidden_moments_are_trashed_and_brought_back(segments, original, sorter):
    of_session = original.segments.all()
    hidden = set(ids(of_session.exclude(pk__in=of_session.shown())))
    made = trash_hidden(of_session, member=sorter, key=uuid.uuid4())
    assert made.n_changed == len(hidden) == 3
    assert set(ids(of_session.filter(status="TRASHED"))) == hidden
    of_session.filter(pk=min(hidden)).restore_trashed()
    undone = undo(made, member=sorter)
    assert (undone.n_restored, undone.n_kept) == (2, 1)
    assert not of_session.filter(status="TRASHED").exists()
    with pytest.raises(ConflictError, match="no hidden moments"):
        trash_hidden(of_session.filter(pk__in=of_session.shown()), member=sorter, key=uuid.uuid4())


def test_a_rider_is_taken_out_of_tags_names_and_search_for_good(clips, sorter, curator, mia, tom):
    made = tag(clips[:2], sorter, sets_people=True, people=(mia, tom))
    tag(clips[2:3], sorter, sets_people=True, people=(tom, mia))
    followed()
    gone = take_out(mia, curator)
    followed()
    assert gone.n_changed == 3
    assert names() == {("Tom", "None", "TRICK"), ("None", "None", "TRICK")}
    assert not Person.objects.filter(display_name="Mia").exists()
    assert not [clip for clip in FinalClip.objects.all() if "mia" in f"{clip.filename} {clip.search_text}".lower()]
    assert "Mia" not in f"{BulkChange.objects.values_list('label')} {AuditEntry.objects.values_list()}"
    with pytest.raises(ConflictError, match="can’t be undone"):
        undo(gone, member=curator)
    made.refresh_from_db()
    assert undo(made, member=sorter).n_restored == 2  # a change of before is undone without them
    assert names() == {("Tom", "None", "TRICK"), ("None", "None", "TRICK")}


@pytest.mark.django_db(transaction=True)
def test_the_same_request_four_times_at_once_changes_once(clips, sorter, mia):
    key, chosen = uuid.uuid4(), ids(clips)
    answers = []

    def ask() -> None:
        change = TagChange(sets_people=True, people=(mia,))
        answers.append(bulk.change_tags(chosen, change, member=sorter, key=key).pk)
        connection.close()

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [key] * 4
    assert BulkChange.objects.count() == 1


def test_a_key_stands_for_one_request_and_not_for_another_one(client, sorter, clips, mia):
    client.force_login(sorter)
    sent = {"key": str(uuid.uuid4()), "clips": ",".join(map(str, ids(clips))), "people": "Mia"}
    assert client.post(reverse("clips:clips_tag"), sent).status_code == 200
    assert client.post(reverse("clips:clips_tag"), sent).status_code == 200, "sent again"
    refused = client.post(reverse("clips:clips_tag"), sent | {"people": "Tom"})
    assert refused.status_code == 409
    assert "This key was used for another change." in refused.text
    assert BulkChange.objects.count() == 1
    assert not Person.objects.filter(display_name="Tom").exists()

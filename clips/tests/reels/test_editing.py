"""Tests of edits: constraints, each change, the history, keys, and one page at a time."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clips.models import FinalClip, Reel, ReelChange, ReelClip
from clips.models.reel import MAX_CLIPS
from clips.reels import contents, editing
from clips.reels.editing import BeingEditedError, NotPossibleError
from clips.sorting.decisions import ConflictError
from clips.tests.factories import FinalClipFactory, OriginalFileFactory

pytestmark = pytest.mark.django_db


def starts(reel: Reel) -> list[int]:
    """Return where the clips of an edit begin in their video, in the order of the edit."""
    return [entry.clip.start_ms for entry in contents.entries_of(reel)]


def place(reel: Reel, position: int) -> ReelClip:
    return reel.clips.get(position=position)


def snapshot(reel: Reel) -> list:
    fields = ("pk", "position", "lineage", "start_ms", "end_ms", "speed", "title", "has_sound", "crop")
    return [Reel.objects.get(pk=reel.pk).name, *reel.clips.order_by("position").values_list(*fields)]


@pytest.mark.parametrize(
    "fields",
    [{"speed": 33}, {"start_ms": 5, "end_ms": 5}, {"start_ms": 5}, {"position": 0}, {"crop": [[0, 500]] * 31}],
    ids=["unknown speed", "no length", "half a trim", "position 0", "endless crop"],
)
def test_the_database_refuses(reel, fields):
    row = {"reel": reel, "position": 9, "lineage": uuid.uuid4()} | fields
    with pytest.raises(IntegrityError), transaction.atomic():
        ReelClip.objects.create(**row)


def test_no_two_clips_share_a_position(reel):
    with transaction.atomic():
        ReelClip.objects.create(reel=reel, position=1, lineage=uuid.uuid4())
        with pytest.raises(IntegrityError):
            connection.check_constraints()
        transaction.set_rollback(True)


def test_a_name_is_given_once_however_it_is_spelt(reel, sorter):
    with pytest.raises(ConflictError, match="name"):
        editing.make_reel("  deCember ", member=sorter)


def test_clips_keep_the_order_in_which_they_were_chosen(reel):
    assert starts(reel) == [0, 5000, 10_000, 15_000]


def test_what_is_in_the_edit_is_not_added_again(reel, sorter, hand, filmed):
    new = FinalClipFactory(original_file=filmed, start_ms=30_000, end_ms=31_000)
    change = editing.add_clips(reel, FinalClip.objects.order_by("start_ms"), hand=hand(sorter))
    assert change.n_clips == 1
    assert starts(reel)[-1] == new.start_ms
    with pytest.raises(ConflictError, match="already"):
        editing.add_clips(reel, FinalClip.objects.all(), hand=hand(sorter))


def test_an_edit_has_room_for_so_many_clips_only(reel, sorter, hand, filmed, monkeypatch):
    assert MAX_CLIPS >= 312
    monkeypatch.setattr(editing, "MAX_CLIPS", 4)
    FinalClipFactory(original_file=filmed, start_ms=30_000, end_ms=31_000)
    with pytest.raises(ConflictError, match="at most 4"):
        editing.add_clips(reel, FinalClip.objects.all(), hand=hand(sorter))


@pytest.mark.slow
def test_each_change_is_undone_and_done_again_exactly(reel, sorter, hand, page_of):
    lease = page_of(sorter)
    do = lambda: hand(sorter, lease)  # noqa: E731
    changes = [
        lambda: editing.move_clip(place(reel, 4), 1, hand=do()),
        lambda: editing.trim_clip(place(reel, 1), 15_500, 16_500, hand=do()),
        lambda: editing.set_speed(place(reel, 2), 25, hand=do()),
        lambda: editing.move_crop(place(reel, 3), 5_900, 300, hand=do()),
        lambda: editing.move_crop(place(reel, 3), 5_000, 700, hand=do()),
        lambda: editing.set_title(place(reel, 2), "Landed it", hand=do()),
        lambda: editing.set_sound(place(reel, 3), False, hand=do()),
        lambda: editing.follow_again(place(reel, 3), hand=do()),
        lambda: editing.rename(reel, "January", hand=do()),
        lambda: editing.remove_clip(place(reel, 2), hand=do()),
    ]
    seen = [snapshot(reel)]
    for change in changes:
        change()
        connection.check_constraints()
        seen.append(snapshot(reel))
    assert len({str(one) for one in seen}) == len(changes) + 1
    for before in reversed(seen[:-1]):
        editing.undo(reel.changes.to_undo(), member=sorter, lease=lease)
        connection.check_constraints()
        assert snapshot(reel) == before
    for after in seen[1:]:
        editing.redo(reel.changes.to_redo(), member=sorter, lease=lease)
        assert snapshot(reel) == after
    assert reel.changes.to_redo() is None


def test_the_history_says_who_did_what(reel, sorter, curator, hand):
    editing.move_clip(place(reel, 1), 3, hand=hand(curator))
    said = [(str(change), change.member_name) for change in reel.changes.order_by("number")]
    assert said == [("Added 4 clips", sorter.username), ("Moved a clip", curator.username)]


def test_a_change_after_an_undo_leaves_no_way_forwards(reel, sorter, hand, page_of):
    lease = page_of(sorter)
    first = editing.move_clip(place(reel, 1), 2, hand=hand(sorter, lease))
    editing.undo(first, member=sorter, lease=lease)
    editing.set_title(place(reel, 1), "Other way", hand=hand(sorter, lease))
    assert reel.changes.to_redo() is None
    with pytest.raises(ConflictError, match="changed since"):
        editing.redo(first, member=sorter, lease=lease)


def test_the_same_key_changes_once(reel, sorter, hand):
    key = uuid.uuid4()
    first = editing.move_clip(place(reel, 1), 4, hand=hand(sorter, key=key))
    again = editing.move_clip(place(reel, 1), 4, hand=hand(sorter, key=key))
    assert again == first
    assert starts(reel) == [5000, 10_000, 15_000, 0]
    with pytest.raises(ConflictError, match="another change"):
        editing.rename(reel, "Else", hand=hand(sorter, key=key))


def test_an_undo_sent_twice_undoes_once(reel, sorter, hand, page_of):
    lease = page_of(sorter)
    editing.set_title(place(reel, 1), "One", hand=hand(sorter, lease))
    last = editing.set_title(place(reel, 1), "Two", hand=hand(sorter, lease))
    assert editing.undo(last, member=sorter, lease=lease)
    assert not editing.undo(last, member=sorter, lease=lease)
    assert place(reel, 1).title == "One"


def test_what_changes_nothing_is_no_change(reel, sorter, hand):
    assert editing.move_clip(place(reel, 2), 2, hand=hand(sorter)) is None
    assert editing.set_sound(place(reel, 2), True, hand=hand(sorter)) is None
    assert ReelChange.objects.count() == 1


def test_a_trim_stays_within_the_clip(reel, sorter, hand):
    with pytest.raises(NotPossibleError, match="reach"):
        editing.trim_clip(place(reel, 2), 4900, 6000, hand=hand(sorter))
    with pytest.raises(NotPossibleError, match="tenth"):
        editing.trim_clip(place(reel, 2), 5000, 5050, hand=hand(sorter))
    editing.trim_clip(place(reel, 2), 5500, 6000, hand=hand(sorter))
    editing.trim_clip(place(reel, 2), 5000, 7000, hand=hand(sorter))
    assert place(reel, 2).start_ms is None


def test_a_speed_needs_the_frames_for_it(reel, sorter, hand, shoot):
    slow = OriginalFileFactory(shoot=shoot, duration_ms=9000, rate_num=30, rate_den=1)
    FinalClipFactory(original_file=slow, start_ms=0, end_ms=1000, date=shoot.date)
    editing.add_clips(reel, FinalClip.objects.filter(original_file=slow), hand=hand(sorter))
    with pytest.raises(NotPossibleError, match="too few frames"):
        editing.set_speed(place(reel, 5), 50, hand=hand(sorter))
    assert editing.set_speed(place(reel, 1), 25, hand=hand(sorter)).n_clips == 1
    assert contents.entries_of(reel)[0].length_ms == 8000


def test_a_new_version_takes_the_place_and_shows_the_same_pictures(reel, sorter, hand, clips):
    editing.trim_clip(place(reel, 2), 5500, 6500, hand=hand(sorter))
    old = clips[1]
    FinalClip.objects.filter(pk=old.pk).update(is_current=False)
    FinalClipFactory(original_file=old.original_file, lineage=old.lineage, start_ms=5200, end_ms=6000)
    entry = contents.entries_of(reel)[1]
    assert (entry.start_ms, entry.end_ms) == (5500, 6000)


def test_a_trim_of_which_a_new_version_leaves_nothing_does_not_count(reel, sorter, hand, clips):
    editing.trim_clip(place(reel, 2), 6500, 7000, hand=hand(sorter))
    FinalClip.objects.filter(pk=clips[1].pk).update(end_ms=6000)
    entry = contents.entries_of(reel)[1]
    assert (entry.start_ms, entry.end_ms) == (5000, 6000)


def test_one_page_at_a_time(reel, sorter, curator, hand, page_of):
    editing.set_title(place(reel, 1), "Mine", hand=hand(sorter, page_of(sorter)))
    with pytest.raises(BeingEditedError, match=f"{sorter.username} is editing"):
        editing.set_title(place(reel, 1), "Yours", hand=hand(curator, page_of(curator)))
    Reel.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    editing.set_title(place(reel, 1), "Yours", hand=hand(curator, page_of(curator)))
    assert place(reel, 1).title == "Yours"
    assert Reel.objects.get().edited_by == curator
    with pytest.raises(BeingEditedError, match=curator.username):
        editing.set_title(place(reel, 1), "Mine", hand=hand(sorter, page_of(sorter)))


def test_clips_join_while_somebody_edits(reel, sorter, curator, hand, page_of, filmed):
    Reel.objects.filter(pk=reel.pk).lend(page_of(sorter), sorter)
    FinalClipFactory(original_file=filmed, start_ms=30_000, end_ms=31_000)
    editing.add_clips(reel, FinalClip.objects.all(), hand=hand(curator))
    assert reel.clips.count() == 5


def test_a_page_gives_back_only_its_own_lease(reel, sorter, page_of):
    Reel.objects.filter(pk=reel.pk).lend(page_of(sorter), sorter)
    assert not Reel.objects.filter(pk=reel.pk).give_back(uuid.uuid4())
    assert Reel.objects.filter(pk=reel.pk).give_back(page_of(sorter))
    assert not Reel.objects.get().is_being_edited


def test_reading_an_edit_takes_as_many_queries_for_four_clips_as_for_forty(
    reel, sorter, hand, filmed, django_assert_num_queries
):
    with django_assert_num_queries(5):
        contents.entries_of(reel)
    for at in range(20_000, 56_000, 1000):
        FinalClipFactory(original_file=filmed, start_ms=at, end_ms=at + 900)
    editing.add_clips(reel, FinalClip.objects.all(), hand=hand(sorter))
    with django_assert_num_queries(5):
        assert len(contents.entries_of(reel)) == 40


def test_a_page_that_is_opened_takes_the_lease_from_the_members_other_page(reel, sorter, curator):
    rows, old, new = Reel.objects.filter(pk=reel.pk), uuid.uuid4(), uuid.uuid4()
    assert rows.lend(old, sorter)
    assert not rows.lend(new, curator, from_own_page=True)
    assert rows.lend(new, sorter, from_own_page=True)
    assert not rows.lend(old, sorter)


def test_a_crop_has_its_places_in_order_and_one_dragged_again_takes_the_place_of_the_first(reel, sorter, hand):
    for at_ms, middle in ((6_500, 800), (5_000, 200), (6_450, 900)):
        editing.move_crop(place(reel, 2), at_ms, middle, hand=hand(sorter))
    assert place(reel, 2).crop == [[5_000, 200], [6_450, 900]]
    with pytest.raises(NotPossibleError, match="reach"):
        editing.move_crop(place(reel, 2), 7_001, 500, hand=hand(sorter))
    entry = contents.entries_of(reel)[1]
    assert entry.crop == [[0, 200], [1_450, 900]]

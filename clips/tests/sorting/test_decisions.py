"""Tests skip, set aside and undo: what each changes and never does, and that each happens once."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from clips.library.new_version import reedit, use_again
from clips.models import (
    CandidateSegment,
    Decision,
    DecisionKind,
    FileName,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SegmentStatus,
)
from clips.sorting import decisions
from clips.sorting.decisions import Choice, ConflictError
from clips.sorting.undo import undo
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory


class Page:
    """One open page of one member, without the web layer."""

    def __init__(self, member) -> None:
        self.member = member
        self.lease = uuid.uuid4()

    def hand(self, count: int = 1) -> list[CandidateSegment]:
        return CandidateSegment.objects.lease_hand(member=self.member, lease=self.lease, count=count)

    def by(self, key: uuid.UUID | None = None) -> dict:
        return {"lease": self.lease, "key": key or uuid.uuid4(), "member": self.member}

    def keep(self, segment, key=None, **chosen) -> FinalClip:
        choice = Choice(**{"start_ms": segment.start_ms, "end_ms": segment.end_ms} | chosen)
        return decisions.keep(segment, choice, **self.by(key))

    def trash(self, segment, key=None) -> None:
        decisions.trash(segment, **self.by(key))

    def skip(self, segment, key=None) -> None:
        decisions.skip(segment, **self.by(key))

    def aside(self, segment, key=None) -> None:
        decisions.put_aside(segment, **self.by(key))

    def undo(self, decision=None, key=None) -> CandidateSegment:
        return undo(decision=decision, **self.by(key))

    def holds(self, segment) -> bool:
        return CandidateSegment.objects.held(self.lease).filter(pk=segment.pk).exists()


@pytest.fixture
def mia(sorter, segments) -> Page:
    return Page(sorter)


@pytest.fixture
def jo(other_sorter) -> Page:
    return Page(other_sorter)


@pytest.fixture
def other_file(original) -> OriginalFile:
    """A second file of the same session with one high-scoring moment."""
    copy = OriginalFile.objects.get(pk=original.pk)
    copy.pk, copy.stored_path, copy.file_hash, copy._state.adding = uuid.uuid4(), "originals/two.mp4", "b" * 64, True
    copy.save()
    run = DetectionRunFactory(original_file=copy)
    CandidateSegmentFactory(original_file=copy, run=run, start_ms=0, end_ms=4000, score=0.9)
    return copy


def status(segment) -> str:
    return CandidateSegment.objects.get(pk=segment.pk).status


def test_a_skipped_moment_comes_again_after_the_rest(mia):
    (first,) = mia.hand()
    mia.skip(first)
    assert status(first) == SegmentStatus.UNREVIEWED
    order = [segment.pk for segment in mia.hand(8)]
    assert order[-1] == first.pk
    assert len(order) == 7


def test_a_skip_sent_again_changes_nothing(mia):
    (first,) = mia.hand()
    key = uuid.uuid4()
    mia.skip(first, key)
    skipped_at = CandidateSegment.objects.get(pk=first.pk).skipped_at
    mia.skip(first, key)
    assert CandidateSegment.objects.get(pk=first.pk).skipped_at == skipped_at
    assert Decision.objects.count() == 1


def test_a_video_put_aside_leaves_every_hand_and_trashes_nothing(mia, jo, other_file):
    mine, others = mia.hand(2), jo.hand(8)
    mia.aside(next(one for one in mine if one.original_file_id != other_file.pk))
    assert not CandidateSegment.objects.filter(status=SegmentStatus.TRASHED).exists()
    left = {one.original_file_id for one in [*mia.hand(8), *jo.hand(8)]}
    assert left == {other_file.pk}
    taken = next(one for one in others if one.original_file_id != other_file.pk)
    with pytest.raises(ConflictError, match="set aside"):
        jo.keep(taken)


def test_putting_aside_wants_the_moment_in_hand(mia, jo):
    (first,) = mia.hand()
    with pytest.raises(ConflictError):
        jo.aside(first)
    assert OriginalFile.objects.get().aside_at is None


@pytest.mark.parametrize("act", [Page.trash, Page.skip, Page.aside, Page.keep])
def test_undo_gives_the_moment_back_to_the_page_that_asks(mia, sorter, act):
    (first,) = mia.hand()
    act(mia, first)
    second_tab = Page(sorter)
    assert second_tab.undo().pk == first.pk
    assert second_tab.holds(first)
    assert not mia.holds(first)
    undone, undoing = Decision.objects.order_by("created_at")
    assert (undone.undone_by, undoing.kind) == (undoing, DecisionKind.UNDO)


@pytest.mark.parametrize("act", [Page.trash, Page.skip, Page.aside, Page.keep])
def test_what_was_undone_can_be_decided_anew(mia, act):
    (first,) = mia.hand()
    act(mia, first)
    mia.undo()
    mia.trash(first)
    assert status(first) == SegmentStatus.TRASHED


def test_undoing_a_skip_puts_the_moment_back_where_it_was_in_the_queue(mia):
    (first,) = mia.hand()
    mia.skip(first)
    mia.undo()
    CandidateSegment.objects.give_back(mia.lease)
    assert mia.hand()[0].pk == first.pk


def test_undoing_a_second_skip_leaves_the_first(mia):
    (first,) = mia.hand()
    mia.skip(first)
    once = CandidateSegment.objects.get(pk=first.pk).skipped_at
    mia.skip(next(one for one in mia.hand(8) if one.pk == first.pk))
    mia.undo()
    assert CandidateSegment.objects.get(pk=first.pk).skipped_at == once


def test_undoing_aside_brings_the_whole_video_back(mia):
    (first,) = mia.hand()
    mia.aside(first)
    assert mia.hand(8) == []
    mia.undo()
    assert len(mia.hand(8)) == 7


def test_undoing_a_keep_removes_the_clip_and_its_jobs_and_never_gives_its_name_to_another(mia):
    (first,) = mia.hand()
    clip = mia.keep(first)
    mia.undo()
    clip.refresh_from_db()
    assert (clip.is_current, clip.removed_at is None) == (False, False)
    assert Job.objects.get().state == JobState.CANCELLED
    assert not FinalClip.objects.current().exists()
    other = mia.keep(first, start_ms=clip.start_ms + 100)
    assert other.filename == clip.filename.replace("v001", "v002")
    assert FileName.objects.count() == 2


def test_what_is_kept_again_just_as_before_is_the_same_clip(mia):
    (first,) = mia.hand()
    clip = mia.keep(first)
    mia.undo()
    assert mia.keep(first).pk == clip.pk
    assert FinalClip.objects.current().get().filename == clip.filename
    assert Job.objects.active().get().kind == JobKind.RENDER


@pytest.mark.slow
def test_undo_goes_back_through_fifty_decisions(mia, run):
    CandidateSegment.objects.bulk_create(
        CandidateSegment(original_file=run.original_file, run=run, start_ms=n, end_ms=n + 9, score=0.9)
        for n in range(60)
    )
    decided = []
    for number in range(55):
        (segment, *_rest) = mia.hand()
        (mia.trash, mia.keep, mia.trash)[number % 3](segment)
        decided.append(segment.pk)
    assert [mia.undo().pk for _ in decided] == decided[::-1]
    with pytest.raises(ConflictError, match="nothing to undo"):
        mia.undo()


def test_an_undo_sent_again_undoes_nothing_more(mia):
    one, other = mia.hand(2)
    mia.trash(one)
    mia.trash(other)
    key = uuid.uuid4()
    assert mia.undo(key=key).pk == mia.undo(key=key).pk == other.pk
    assert status(one) == SegmentStatus.TRASHED


def test_only_ones_own_decisions_are_undone(mia, jo):
    (first,) = mia.hand()
    mia.trash(first)
    with pytest.raises(ConflictError, match="nothing to undo"):
        jo.undo()
    with pytest.raises(ConflictError, match="nothing to undo"):
        jo.undo(Decision.objects.get().pk)


def test_one_decision_is_undone_once(mia):
    (first,) = mia.hand()
    key = uuid.uuid4()
    mia.trash(first, key)
    mia.undo(key)
    with pytest.raises(ConflictError, match="already"):
        mia.undo(key)


def test_a_moment_that_somebody_decided_since_stays(mia, jo):
    (first,) = mia.hand()
    key = uuid.uuid4()
    mia.skip(first, key)
    theirs = next(one for one in jo.hand(8) if one.pk == first.pk)
    jo.trash(theirs)
    with pytest.raises(ConflictError, match="since"):
        mia.undo(key)
    assert status(first) == SegmentStatus.TRASHED


def test_a_skipped_moment_in_other_hands_stays_there(mia, jo):
    (first,) = mia.hand()
    mia.skip(first)
    assert first.pk in {one.pk for one in jo.hand(8)}
    with pytest.raises(ConflictError, match="Somebody else"):
        mia.undo()
    assert jo.holds(first)


def test_a_keep_that_i_edited_since_is_undone_with_all_its_versions(mia):
    (first,) = mia.hand()
    newer = reedit(mia.keep(first), Choice(1_500, 3_500), member=mia.member)
    mia.undo()
    assert mia.holds(first)
    assert not FinalClip.objects.current().exists()
    assert [clip.pk for clip in FinalClip.objects.filter(removed_at__isnull=False)] == [newer.pk]


def test_what_somebody_else_edited_since_stays_until_my_version_is_used_again(mia, jo):
    (first,) = mia.hand()
    clip = mia.keep(first)
    newer = reedit(clip, Choice(1_500, 3_500), member=jo.member)
    with pytest.raises(ConflictError, match="jo has edited this clip since") as refused:
        mia.undo()
    assert refused.value.clip == newer.pk
    assert status(first) == SegmentStatus.ACCEPTED
    mine = use_again(FinalClip.objects.get(pk=clip.pk), member=mia.member)
    assert (mine.start_ms, mine.end_ms) == (clip.start_ms, clip.end_ms)
    assert [one.pk for one in FinalClip.objects.filter(lineage=clip.lineage, is_current=True)] == [mine.pk]
    mia.undo()
    assert mia.holds(first)


def test_a_keep_sent_again_after_its_undo_makes_nothing(mia):
    (first,) = mia.hand()
    key = uuid.uuid4()
    mia.keep(first, key)
    mia.undo()
    with pytest.raises(ConflictError, match="was undone"):
        mia.keep(first, key)
    assert mia.holds(first)
    assert FinalClip.objects.count() == 1


def test_a_lease_that_ran_out_decides_nothing(mia):
    (first,) = mia.hand()
    CandidateSegment.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1), status="IN_PROGRESS",
                                    lease_token=mia.lease, locked_at=timezone.now())  # fmt: skip
    for act in (mia.skip, mia.aside):
        with pytest.raises(ConflictError, match="time ran out"):
            act(first)
    assert not Decision.objects.exists()


def test_a_key_of_another_decision_undoes_nothing(mia):
    one, other = mia.hand(2)
    key = uuid.uuid4()
    mia.trash(one, key)
    mia.trash(other)
    with pytest.raises(ConflictError, match="another decision"):
        mia.undo(key=key)
    assert status(other) == SegmentStatus.TRASHED


def test_only_what_was_archived_is_taken_back(mia):
    mia.keep(mia.hand()[0])
    mia.undo()
    assert not Job.objects.filter(kind=JobKind.WITHDRAW).exists()

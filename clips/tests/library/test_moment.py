"""Tests that a mark on a time-line leads to its moment, in any state and for any member."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.models import CandidateSegment, Decision, DecisionKind, FinalClip, OriginalFile, SegmentStatus
from clips.sorting.decisions import Choice, keep, trash
from clips.tests.factories import FinalClipFactory
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS


def address(segment):
    return reverse("clips:moment", args=[segment.pk])


def order_of(answer) -> list[str]:
    return answer.content.decode().split('data-order="')[1].split('"')[0].split()


@pytest.fixture
def page(client, sorter):
    client.force_login(sorter)
    return client


def first_hand(client, **asked):
    fields = {"lease": uuid.uuid4()} | asked
    return client.post(reverse("clips:sort_hand"), fields, headers=AS_A_PAGE_ASKS)


def held_by(member, segment) -> uuid.UUID:
    lease = uuid.uuid4()
    rows = CandidateSegment.objects.filter(pk=segment.pk)
    rows.lease_hand(member=member, lease=lease, count=1)
    return lease


def test_every_mark_leads_to_its_own_moment(page, segments):
    shoot = segments[0].original_file.shoot_id
    said = page.get(reverse("clips:session", args=[shoot]), {"details": ""}).content.decode()
    for segment in segments:
        assert f'id="mark-{segment.pk}" href="{address(segment)}"' in said


@pytest.mark.parametrize("number", [0, 3, 9], ids=["best", "later", "below the sensitivity"])
def test_an_undecided_one_is_the_first_card(page, segments, number):
    answer = page.get(address(segments[number]), follow=True)
    assert answer.redirect_chain[0][0] == (
        f"/sort?session={segments[number].original_file.shoot_id}&moment={segments[number].pk}"
    )
    assert f'name="moment" value="{segments[number].pk}"' in answer.content.decode()
    hand = first_hand(page, session=segments[number].original_file.shoot_id, moment=segments[number].pk)
    assert order_of(hand)[0] == str(segments[number].pk)
    assert len(order_of(hand)) == 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_its_row_is_locked_in_a_transaction_of_its_own(client, sorter, segments):
    """Other tests run in one already, which a site does not."""
    client.force_login(sorter)
    assert order_of(first_hand(client, moment=segments[3].pk))[0] == str(segments[3].pk)


def test_a_page_that_has_cards_is_not_given_the_moment_again(page, segments):
    asked = {"moment": segments[5].pk, "have": str(segments[0].pk)}
    assert str(segments[5].pk) not in order_of(first_hand(page, **asked))


def test_one_that_somebody_else_sorts_says_so_and_goes_on_when_it_is_free(page, segments, other_sorter):
    lease = held_by(other_sorter, segments[2])
    said = page.get(address(segments[2])).content.decode()
    assert "jo is sorting this moment." in said
    assert 'hx-trigger="every 5s"' in said
    CandidateSegment.objects.all().give_back(lease)
    answer = page.get(address(segments[2]), headers=AS_A_PAGE_ASKS)
    assert f"moment={segments[2].pk}" in answer["HX-Redirect"]


def test_one_that_was_taken_a_moment_ago_is_told_beside_other_cards(page, segments, other_sorter):
    held_by(other_sorter, segments[2])
    hand = first_hand(page, moment=segments[2].pk)
    assert "jo is sorting the moment you chose. Here are others." in hand.content.decode()
    assert len(order_of(hand)) == 4


def test_one_in_another_page_of_mine_comes_over(page, segments, sorter):
    held_by(sorter, segments[2])
    assert page.get(address(segments[2])).status_code == 302
    assert order_of(first_hand(page, moment=segments[2].pk))[0] == str(segments[2].pk)


def test_a_kept_one_is_its_clip_also_when_it_was_edited(page, segments, sorter):
    lease = held_by(sorter, segments[0])
    segment = CandidateSegment.objects.select_related("original_file__shoot").get(pk=segments[0].pk)
    clip = keep(segment, Choice(0, 3000), lease=lease, key=uuid.uuid4(), member=sorter)
    assert page.get(address(segment)).url == reverse("clips:clip", args=[clip.pk])
    FinalClip.objects.filter(pk=clip.pk).update(is_current=False)
    newer = FinalClipFactory(
        candidate_segment=segment, original_file=segment.original_file, lineage=clip.lineage, start_ms=0, end_ms=9,
        camera_id="CAM_UNKNOWN", fps_label="30FPS", date=clip.date, filename="newer.mp4",
    )  # fmt: skip
    assert page.get(address(segment)).url == reverse("clips:clip", args=[newer.pk])


def test_a_trashed_one_is_shown_and_can_be_sorted_after_all(page, segments, other_sorter):
    lease = held_by(other_sorter, segments[1])
    trash(segments[1], lease=lease, key=uuid.uuid4(), member=other_sorter)
    said = page.get(address(segments[1])).content.decode()
    assert "In the trash" in said
    assert "jo, " in said
    answer = page.post(reverse("clips:moment_restore", args=[segments[1].pk]), follow=True)
    assert f"moment={segments[1].pk}" in answer.redirect_chain[-1][0]
    assert CandidateSegment.objects.get(pk=segments[1].pk).status == SegmentStatus.UNREVIEWED
    assert not Decision.objects.not_undone().filter(kind=DecisionKind.TRASH).exists()
    again = page.post(reverse("clips:moment_restore", args=[segments[1].pk]), follow=True)
    assert "no longer in the trash" in again.content.decode()


def test_one_of_a_video_that_was_set_aside_says_so(page, segments):
    OriginalFile.objects.update(aside_at=timezone.now())
    said = page.get(address(segments[0])).content.decode()
    assert "Video set aside" in said
    assert f"#file-{segments[0].original_file_id}" in said


def test_a_viewer_sees_the_moment_and_is_led_nowhere(client, viewer, segments):
    client.force_login(viewer)
    answer = client.get(address(segments[0]))
    assert answer.status_code == 200
    assert "Not sorted yet" in answer.content.decode()
    assert '="/sort' not in answer.content.decode()
    assert client.post(reverse("clips:moment_restore", args=[segments[0].pk])).status_code == 403


def test_a_moment_that_was_decided_does_not_stay_in_the_address(page, segments):
    CandidateSegment.objects.filter(pk=segments[0].pk).update(status=SegmentStatus.TRASHED)
    said = page.get(f"{reverse('clips:sort')}?moment={segments[0].pk}").content.decode()
    assert 'name="moment"' not in said

"""Tests merging two people or two tricks: all clips, lists and names move, or nothing does."""

import threading
import uuid

import pytest
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from clips.archive.renaming import follow
from clips.library import bulk
from clips.library.search import matching
from clips.library.undoing import undo
from clips.models import CandidateSegment, FinalClip, Job, JobKind, SegmentStatus
from clips.sorting import decisions
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory
from people import merging
from people.merging import MergeError, merge, plan
from people.models import Action, AuditEntry, Merge, Person
from tricks.models import Trick


@pytest.fixture
def miller(db) -> Person:
    return Person.objects.add("Miller Downey")


@pytest.fixture
def mills(db) -> Person:
    """The same rider, added twice."""
    person = Person.objects.add("Mills Downy")
    person.aliases.create(name="MD")
    return person


@pytest.fixture
def jo(db) -> Person:
    return Person.objects.add("Jo Nilsen")


@pytest.fixture
def make_clip(original):
    """Return a function that makes a clip of somebody, with others in it."""

    def make(person: Person | None = None, *also: Person, trick: Trick | None = None) -> FinalClip:
        number = FinalClip.objects.count()
        clip = FinalClipFactory(
            original_file=original, person=person, trick=trick, start_ms=number, end_ms=number + 1000,
            filename=f"{number}__v001.mp4",
        )  # fmt: skip
        clip.also.set(also)
        return clip

    return make


def names(person: Person | Trick) -> list[str]:
    return sorted(person.aliases.values_list("name", flat=True))


def also(clip: FinalClip) -> list[Person]:
    return list(clip.also.order_by("slug"))


def test_clips_and_lists_name_the_survivor(make_clip, miller, mills, jo):
    own, listed, other = make_clip(mills), make_clip(jo, mills), make_clip(jo)
    merge(mills, miller)
    own.refresh_from_db()
    assert own.person == miller
    assert also(listed) == [miller]
    assert also(other) == []
    assert not Person.objects.filter(pk=mills.pk).exists()


@pytest.mark.parametrize("before", ["both listed", "merged has it, survivor listed", "survivor has it, merged listed"])
def test_nobody_is_named_twice_in_one_clip(make_clip, miller, mills, jo, before):
    clip = {
        "both listed": lambda: make_clip(jo, miller, mills),
        "merged has it, survivor listed": lambda: make_clip(mills, miller, jo),
        "survivor has it, merged listed": lambda: make_clip(miller, mills, jo),
    }[before]()
    told = {change.what: change.n_dropped for change in plan(mills, miller).changes}
    merge(mills, miller)
    clip.refresh_from_db()
    assert [clip.person, *also(clip)].count(miller) == 1
    assert jo in [clip.person, *also(clip)]
    assert told["Clips (also in the clip)"] == 1


def test_name_slug_and_aliases_lead_to_the_survivor(miller, mills):
    merge(mills, miller)
    assert names(miller) == ["MD", "Mills Downy"]
    for name in ("mills downy", "MILLS_DOWNY", "md", "Miller Downey"):
        assert Person.objects.called(name).get() == miller


def test_name_that_the_survivor_has_already_is_no_alias_of_its_own(miller):
    twin = Person.objects.create(display_name="MillerDowney", slug="Twin")
    miller.aliases.create(name="millerdowney")
    merge(twin, miller)
    assert sorted(names(miller)) == ["Twin", "millerdowney"]


def test_name_of_somebody_else_stays_with_them(miller, mills, jo):
    jo.aliases.create(name="Mills Downy")
    assert plan(mills, miller).taken_names == ["Mills Downy"]
    merge(mills, miller)
    assert names(miller) == ["MD"]
    assert Person.objects.called("Mills Downy").get() == jo


def test_tricks_merge_with_their_directions(make_clip):
    good, double = Trick.objects.add("Boardslide", direction="FS"), Trick.objects.add("Planche")
    clip = make_clip(trick=double)
    merge(double, good)
    clip.refresh_from_db()
    assert clip.trick == good
    assert names(good) == ["Planche"]


def test_file_names_follow_and_the_search_finds_both_names(make_clip, miller, mills, work_off):
    clip = make_clip(mills)
    merge(mills, miller)
    assert work_off() == [JobKind.RENAME]
    clip.refresh_from_db()
    assert "__Miller_Downey__" in clip.filename
    for typed in ("Miller Downey", "mills"):
        assert list(matching(FinalClip.objects.all(), typed)) == [clip]


def test_jobs_of_who_goes_go_along(make_clip, miller, mills, work_off):
    """Both were renamed a moment ago: each has a job that waits, and only one of one kind may wait for a rider."""
    clip = make_clip(mills)
    follow(miller), follow(mills)
    assert "Jobs" not in str(plan(mills, miller).changes)
    merge(mills, miller)
    assert Job.objects.get().person == miller
    work_off()
    clip.refresh_from_db()
    assert "__Miller_Downey__" in clip.filename


def test_plan_says_what_the_merge_then_does(make_clip, miller, mills, jo):
    make_clip(mills)
    make_clip(mills, jo)
    make_clip(jo, mills)
    told = plan(mills, miller)
    assert {change.what: (change.n_moved, change.n_dropped) for change in told.changes} == {
        "Clips (person)": (2, 0),
        "Clips (also in the clip)": (1, 0),
    }
    merge(mills, miller)
    assert FinalClip.objects.filter(person=miller).count() == 2
    assert FinalClip.objects.filter(also=miller).count() == 1
    assert sorted(told.new_aliases) == names(miller)


def test_somebody_is_not_merged_into_themselves(miller):
    with pytest.raises(MergeError, match="two different"):
        merge(miller, miller)


def test_merge_into_somebody_who_is_gone_changes_nothing(make_clip, miller, mills):
    clip = make_clip(mills)
    Person.objects.filter(pk=miller.pk).delete()
    with pytest.raises(MergeError, match="in the meantime"):
        merge(mills, miller)
    clip.refresh_from_db()
    assert (clip.person, names(mills)) == (mills, ["MD"])


@pytest.mark.django_db(transaction=True)
def test_two_merges_in_opposite_directions_leave_one_person(make_clip, miller, mills):
    clip = make_clip(mills)
    start, failures = threading.Barrier(2), []

    def merge_at_once(one: Person, other: Person) -> None:
        try:
            start.wait(5)
            merge(one, other)
        except MergeError as error:
            failures.append(str(error))
        finally:
            connection.close()

    pairs = [(miller, mills), (mills, miller)]
    threads = [threading.Thread(target=merge_at_once, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    survivor = Person.objects.get()
    clip.refresh_from_db()
    assert clip.person == survivor
    assert failures == ["One of the two has been merged or deleted in the meantime."]


@pytest.mark.django_db(transaction=True)
def test_clip_saved_during_the_merge_is_either_moved_or_refused(make_clip, miller, mills):
    saved, merged = threading.Event(), threading.Event()
    outcome = []

    def save() -> None:
        try:
            with transaction.atomic():
                make_clip(mills)
                saved.set()
                merged.wait(5)
            outcome.append("saved")
        except IntegrityError:
            outcome.append("refused")
        finally:
            connection.close()

    thread = threading.Thread(target=save)
    thread.start()
    assert saved.wait(5)
    merge(mills, miller)
    merged.set()
    thread.join(20)
    assert outcome == ["refused"]
    assert not FinalClip.objects.exists()


def merge_page(merged: Person, survivor: Person) -> str:
    return reverse("admin:people_person_merge", args=[merged.pk, survivor.pk])


def choose(client, *people: Person):
    fields = {"action": "merge", "_selected_action": [str(person.pk) for person in people]}
    return client.post(reverse("admin:people_person_changelist"), fields, follow=True)


def test_action_leads_to_a_page_that_keeps_who_has_more_clips(client, curator, make_clip, miller, mills):
    make_clip(mills)
    client.force_login(curator)
    page = choose(client, miller, mills)
    assert page.redirect_chain[-1][0] == merge_page(miller, mills)
    html = page.content.decode()
    assert "Merge into Mills Downy" in html
    assert merge_page(mills, miller) in html
    assert Person.objects.count() == 2


@pytest.mark.parametrize("n_chosen", [1, 3])
def test_action_wants_two_rows(client, curator, miller, mills, jo, n_chosen):
    client.force_login(curator)
    page = choose(client, *[miller, mills, jo][:n_chosen])
    assert "Select exactly two rows to merge." in page.content.decode()


def test_confirming_merges_and_writes_it_down(client, curator, make_clip, miller, mills):
    make_clip(mills)
    client.force_login(curator)
    preview = client.get(merge_page(mills, miller)).content.decode()
    assert "1 moves to Miller Downey" in preview
    assert f"into <strong>{miller}</strong> ({miller.slug})" in preview
    assert f"renamed to {miller.slug} in the background." in preview
    page = client.post(merge_page(mills, miller), follow=True)
    assert "Mills Downy is now Miller Downey." in page.content.decode()
    assert Person.objects.get() == miller
    written = LogEntry.objects.filter(user=curator)
    assert written.get(action_flag=CHANGE).get_change_message() == "Merged Mills Downy into this."
    assert written.get(action_flag=DELETION).object_repr == "Mills Downy"
    entry = AuditEntry.objects.get(action=Action.MERGED)
    assert (entry.actor_name, entry.target_name) == ("cora", "Miller Downey")
    assert entry.details["merged_name"] == "Mills Downy"


def test_page_of_a_merge_that_was_done_leads_back(client, curator, miller, mills):
    client.force_login(curator)
    client.post(merge_page(mills, miller))
    page = client.post(merge_page(mills, miller), follow=True)
    assert "merged or deleted in the meantime" in page.content.decode()
    assert Person.objects.get() == miller


def test_sorter_may_not_merge(client, sorter, miller, mills):
    client.force_login(sorter)
    assert client.post(merge_page(mills, miller)).status_code == 403
    assert Person.objects.count() == 2


def test_tricks_have_the_same_page(client, curator):
    client.force_login(curator)
    good, double = Trick.objects.add("KFED"), Trick.objects.add("Kevin")
    client.post(reverse("admin:tricks_trick_merge", args=[double.pk, good.pk]))
    assert Trick.objects.get() == good
    assert names(good) == ["Kevin"]


@pytest.mark.django_db(transaction=True)
def test_a_clip_for_somebody_who_was_merged_away_meanwhile_is_refused_with_a_sentence(original, sorter):
    """The page chose a person, and a curator merged them before the decision arrived."""
    segment = CandidateSegmentFactory(original_file=original, start_ms=0, end_ms=4000)
    lease = uuid.uuid4()
    CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)
    gone = Person.objects.add("Mills")
    Person.objects.filter(pk=gone.pk).delete()
    choice = decisions.Choice(start_ms=0, end_ms=3000, person=gone)
    with pytest.raises(decisions.ConflictError, match="Choose again"):
        decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=sorter)
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.IN_PROGRESS, "it is still in the hand"


def everything() -> dict:
    """Return who is in which clip, and by which names riders go."""
    clips = FinalClip.objects.order_by("start_ms")
    return {
        "clips": [(str(clip.person), sorted(map(str, clip.also.all()))) for clip in clips],
        "riders": {str(person): (person.slug, names(person)) for person in Person.objects.all()},
    }


def test_an_undone_merge_leaves_all_as_it_was(miller, mills, jo, make_clip):
    make_clip(miller, mills)
    make_clip(mills, miller, jo)
    make_clip(jo, miller, mills)
    make_clip(jo, mills)
    make_clip(mills)
    before = everything()
    made = merge(mills, miller)
    assert "Mills Downy" not in everything()["riders"]
    again = merging.undo(made)
    assert again.pk == mills.pk
    assert everything() == before
    with pytest.raises(MergeError, match="already undone"):
        merging.undo(made)


def test_what_was_changed_since_a_merge_stays_with_the_survivor(miller, mills, jo, make_clip):
    kept, given = make_clip(mills), make_clip(mills)
    made = merge(mills, miller)
    FinalClip.objects.filter(pk=given.pk).update(person=jo)
    newer = make_clip(miller)
    merging.undo(made)
    who = {clip.pk: clip.person for clip in FinalClip.objects.all()}
    assert who == {kept.pk: mills, given.pk: jo, newer.pk: miller}


def test_merges_are_undone_from_the_newest(miller, mills, jo, make_clip):
    make_clip(mills)
    first = merge(mills, miller)
    second = merge(miller, jo)
    with pytest.raises(MergeError, match="Undo that first"):
        merging.undo(first)
    merging.undo(second)
    merging.undo(first)
    assert FinalClip.objects.get().person == mills


def test_a_name_that_somebody_else_took_since_is_not_taken_back(miller, mills):
    made = merge(mills, miller)
    miller.aliases.all().delete()
    Person.objects.add("Mills Downy")
    with pytest.raises(MergeError, match="is called Mills Downy by now"):
        merging.undo(made)
    assert not Merge.objects.get().undone_at


def test_both_follow_an_undone_merge_and_tricks_are_taken_apart_too(original, make_clip):
    good, double = Trick.objects.find_or_add("Kickflip"), Trick.objects.find_or_add("Kick Flop")
    make_clip(trick=double)
    made = merge(double, good)
    assert FinalClip.objects.get().trick == good
    Job.objects.all().delete()
    merging.undo(made)
    assert FinalClip.objects.get().trick == double
    assert set(Job.objects.filter(kind=JobKind.RENAME).values_list("trick", flat=True)) == {good.pk, double.pk}


def test_a_bulk_change_is_undone_to_whom_a_rider_was_merged_into(miller, mills, jo, make_clip, sorter):
    clip = make_clip(mills)
    change = bulk.TagChange(sets_people=True, people=(jo,))
    made = bulk.change_tags([clip.pk], change, member=sorter, key=uuid.uuid4())
    merge(mills, miller)
    assert undo(made, member=sorter).n_restored == 1
    assert FinalClip.objects.get().person == miller


def test_a_curator_undoes_a_merge_in_the_admin(client, curator, miller, mills, make_clip):
    make_clip(mills)
    client.force_login(curator)
    address = reverse("admin:people_person_merge", args=[mills.pk, miller.pk])
    page = client.post(address, follow=True).content.decode()
    made = Merge.objects.get()
    assert f"?id={made.pk}" in page
    undo_page = reverse("admin:people_merge_changelist")
    answer = client.post(undo_page, {"action": "undo", "_selected_action": [str(made.pk)]}, follow=True)
    assert "are two again" in answer.content.decode()
    assert FinalClip.objects.get().person == mills

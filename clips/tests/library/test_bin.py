"""Tests throwing away and bringing back: what leaves all pages at once, what comes back, and who may."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clips.jobs import pipeline
from clips.library import bin_rights
from clips.library.bin import restore, throw_away
from clips.library.bin_rights import BinError, NotAllowedError
from clips.models import (
    BinEntry,
    BinKind,
    CandidateSegment,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SegmentStatus,
    SharedCopy,
    ShareLink,
    Shoot,
    WaitsFor,
)
from clips.sorting import decisions
from clips.sorting.decisions import ConflictError
from clips.sorting.progress import progress_of
from clips.sorting.undo import undo
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from people.audit import Action
from people.models import AuditEntry

pytestmark = pytest.mark.django_db


def keep(segment: CandidateSegment, member) -> FinalClip:
    lease = uuid.uuid4()
    held = CandidateSegment.objects.filter(pk=segment.pk)
    held.lease_hand(member=member, lease=lease, count=1)
    choice = decisions.Choice(start_ms=segment.start_ms, end_ms=segment.end_ms)
    return decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=member)


@pytest.fixture
def clip(segments, sorter) -> FinalClip:
    return keep(segments[0], sorter)


@pytest.fixture
def own_video(original, sorter) -> OriginalFile:
    OriginalFile.objects.update(uploader=sorter)
    original.refresh_from_db()
    return original


def states() -> dict:
    """Return all that a throw changes, to compare with what a restore leaves."""
    return {
        "clips": sorted(FinalClip.objects.values_list("pk", "is_current", "removed_at", "was_current", "bin_entry")),
        "files": sorted(OriginalFile.objects.values_list("pk", "bin_entry")),
        "shoots": sorted(Shoot.objects.values_list("pk", "bin_entry")),
        "segments": sorted(CandidateSegment.objects.values_list("pk", "status")),
    }


# --- clips ------------------------------------------------------------------------------------------------------------


def test_a_clip_leaves_the_library_at_once_and_comes_back_as_it_was(clip, sorter, client):
    before = states()
    client.force_login(sorter)
    entry = throw_away(sorter, clips=[clip], reason=" double ")
    assert (entry.kind, entry.n_clips, entry.reason) == (BinKind.CLIPS, 1, "double")
    assert not FinalClip.objects.current().exists()
    assert client.get(reverse("clips:clip", args=[clip.pk])).status_code == 410
    assert clip.filename not in client.get(reverse("clips:library"), {"all_versions": "1"}).content.decode()
    assert restore(entry, sorter)
    assert states() == before
    assert client.get(reverse("clips:clip", args=[clip.pk])).status_code == 200


def test_all_versions_of_a_clip_go_and_the_right_one_is_current_again(clip, sorter):
    older = FinalClipFactory(
        original_file=clip.original_file, candidate_segment=clip.candidate_segment, lineage=clip.lineage,
        is_current=False,
    )  # fmt: skip
    entry = throw_away(sorter, clips=[older])
    assert set(entry.clips.values_list("pk", flat=True)) == {clip.pk, older.pk}
    assert not FinalClip.objects.filter(removed_at=None).exists(), "no address of any version opens"
    restore(entry, sorter)
    assert FinalClip.objects.current().get().pk == clip.pk


def test_the_same_key_again_throws_nothing_else_away(clip, segments, sorter):
    other = keep(segments[1], sorter)
    key = uuid.uuid4()
    first = throw_away(sorter, clips=[clip], key=key)
    again = throw_away(sorter, clips=[other], key=key)
    assert again == first
    assert FinalClip.objects.current().get() == other


def test_what_is_in_the_bin_is_not_thrown_away_twice(clip, sorter):
    throw_away(sorter, clips=[clip])
    with pytest.raises(BinError, match="in the bin already"):
        throw_away(sorter, clips=[clip])
    assert BinEntry.objects.count() == 1


def test_a_second_restore_changes_nothing(clip, sorter):
    entry = throw_away(sorter, clips=[clip])
    assert restore(entry, sorter)
    throw_away(sorter, clips=[clip])
    assert not restore(entry, sorter)
    assert not FinalClip.objects.current().exists()


def test_the_keep_of_a_binned_clip_is_not_undone_behind_its_back(clip, sorter):
    throw_away(sorter, clips=[clip])
    with pytest.raises(ConflictError, match="in the bin"):
        undo(lease=uuid.uuid4(), key=uuid.uuid4(), member=sorter)
    assert CandidateSegment.objects.get(pk=clip.candidate_segment_id).status == SegmentStatus.ACCEPTED


def test_share_links_answer_410_while_it_lies_there_and_work_again_after(clip, sorter, client):
    copy = SharedCopy.objects.create(clip=clip, stored_path="final_clips/shared/x.mp4", size_bytes=9)
    _link, secret = ShareLink.objects.issue(copy, sorter)
    names = ("shared", "shared_video", "shared_download", "shared_picture")
    addresses = [reverse(f"clips:{name}", args=[secret]) for name in names]
    assert client.get(addresses[0]).status_code == 200
    entry = throw_away(sorter, clips=[clip])
    assert [client.get(address).status_code for address in addresses] == [410] * 4
    restore(entry, sorter)
    assert client.get(addresses[0]).status_code == 200
    assert client.get(reverse("clips:shared", args=["no-such-secret"])).status_code == 404


def test_its_jobs_wait_and_go_on_after_a_restore(clip, sorter, work_off):
    (job,) = Job.objects.filter(clip=clip)
    entry = throw_away(sorter, clips=[clip])
    job.refresh_from_db()
    assert (job.state, job.waits_for) == (JobState.WAITING, WaitsFor.BIN)
    assert work_off() == []
    restore(entry, sorter)
    job.refresh_from_db()
    assert job.waits_for == ""
    assert work_off() == [JobKind.RENDER]


def test_a_job_that_is_started_for_a_binned_clip_waits_too(clip, sorter, work_off):
    Job.objects.all().delete()
    throw_away(sorter, clips=[clip])
    job = pipeline.start(JobKind.SHARE, clip)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.waits_for, job.attempts) == (JobState.WAITING, WaitsFor.BIN, 0)


def test_a_worker_that_has_the_job_already_loses_it(clip, sorter):
    job = Job.objects.claim(Job.objects.get(clip=clip).pk, worker="test")
    throw_away(sorter, clips=[clip])
    job.refresh_from_db()
    assert (job.state, job.lease_token, job.attempts) == (JobState.WAITING, None, 0)


# --- videos -----------------------------------------------------------------------------------------------------------


def test_a_video_leaves_the_queue_and_its_clips_stay_unless_asked(own_video, clip, sorter, client):
    before = states()
    held = CandidateSegment.objects.lease_hand(member=sorter, lease=uuid.uuid4(), count=2)
    assert held
    entry = throw_away(sorter, videos=[own_video])
    assert (entry.kind, entry.n_videos, entry.n_moments, entry.n_clips) == (BinKind.VIDEO, 1, 7, 0)
    assert not CandidateSegment.objects.undecided().exists()
    assert not CandidateSegment.objects.in_hands().exists(), "no open page keeps its moments"
    assert FinalClip.objects.current().get() == clip
    progress = progress_of([own_video.shoot])[own_video.shoot_id]
    assert (progress.files, progress.moments, progress.clips) == (0, 0, 1)
    client.force_login(sorter)
    assert own_video.original_filename not in client.get(f"/sessions/{own_video.shoot_id}?details").content.decode()
    restore(entry, sorter)
    assert states() == before


def test_a_video_takes_its_clips_along_when_asked(own_video, clip, sorter):
    before = states()
    entry = throw_away(sorter, videos=[own_video], with_clips=True)
    assert entry.n_clips == 1
    assert not FinalClip.objects.current().exists()
    restore(entry, sorter)
    assert states() == before


def test_the_small_copy_of_a_video_goes_along(own_video, sorter):
    copy = OriginalFileFactory(shoot=own_video.shoot, uploader=sorter, low_res_of=own_video)
    entry = throw_away(sorter, videos=[own_video])
    assert entry.n_videos == 1
    assert set(entry.files.values_list("pk", flat=True)) == {own_video.pk, copy.pk}


def test_what_is_searched_for_in_a_binned_video_waits(own_video, sorter, work_off):
    job = pipeline.start(JobKind.DETECT, own_video)
    throw_away(sorter, videos=[own_video])
    assert work_off() == []
    job.refresh_from_db()
    assert job.waits_for == WaitsFor.BIN


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_a_session_takes_all_along_and_its_name_is_free_meanwhile(own_video, clip, sorter, client):
    before = states()
    shoot = own_video.shoot
    entry = throw_away(sorter, shoots=[shoot])
    assert (entry.kind, entry.title, entry.n_videos, entry.n_clips) == (BinKind.SESSION, "Backyard Rails", 1, 1)
    client.force_login(sorter)
    assert client.get(f"/sessions/{shoot.pk}").status_code == 410
    assert shoot.name not in client.get("/sessions").content.decode()
    another = Shoot.objects.called(shoot.name, shoot.date)
    assert another.pk != shoot.pk
    with pytest.raises(BinError, match="called Backyard Rails again"):
        restore(entry, sorter)
    another.delete()
    restore(entry, sorter)
    assert states() == before


def test_a_clip_does_not_come_back_into_a_session_that_is_gone(own_video, clip, sorter):
    alone = throw_away(sorter, clips=[clip])
    whole = throw_away(sorter, shoots=[own_video.shoot])
    with pytest.raises(BinError, match="Its session is in the bin"):
        restore(alone, sorter)
    restore(whole, sorter)
    assert not FinalClip.objects.current().exists(), "it was thrown away by itself"
    restore(alone, sorter)
    assert FinalClip.objects.current().get() == clip


def test_a_session_that_is_still_being_sent_to_stays(shoot, sorter):
    shoot.uploads.create(owner=sorter, original_filename="GX02.MP4", size_bytes=9)
    with pytest.raises(BinError, match="still being uploaded"):
        throw_away(sorter, shoots=[shoot])


# --- who may ----------------------------------------------------------------------------------------------------------


def test_a_sorter_throws_away_what_they_kept_or_uploaded_and_a_curator_anything(
    clip, own_video, viewer, sorter, other_sorter, curator
):
    shoot = own_video.shoot
    things = (clip, own_video, shoot)
    assert [bin_rights.may_throw_away(viewer, thing) for thing in things] == [False] * 3
    assert [bin_rights.may_throw_away(sorter, thing) for thing in things] == [True] * 3
    assert [bin_rights.may_throw_away(other_sorter, thing) for thing in things] == [False] * 3
    assert [bin_rights.may_throw_away(curator, thing) for thing in things] == [True] * 3
    for kind, thing in (("clips", clip), ("videos", own_video), ("shoots", shoot)):
        with pytest.raises(NotAllowedError):
            throw_away(other_sorter, **{kind: [thing]})
        with pytest.raises(NotAllowedError):
            throw_away(viewer, **{kind: [thing]})
    assert not BinEntry.objects.exists(), "what is refused leaves no entry"


def test_a_sorter_does_not_take_others_clips_along(own_video, segments, sorter, other_sorter):
    keep(segments[1], other_sorter)
    with pytest.raises(NotAllowedError, match="kept by others"):
        throw_away(sorter, videos=[own_video], with_clips=True)
    assert throw_away(sorter, videos=[own_video]).n_clips == 0


def test_a_sorter_is_not_offered_to_take_others_clips_along(client, own_video, segments, sorter, other_sorter):
    address = f"{reverse('clips:bin_ask')}?video={own_video.pk}"
    client.force_login(sorter)
    keep(segments[0], sorter)
    assert "Also its 1 clip" in client.get(address).content.decode()
    keep(segments[1], other_sorter)
    page = client.get(address).content.decode()
    assert "Its 2 clips stay in the library." in page
    assert "with_clips" not in page


@pytest.mark.parametrize(("who", "status"), [("sorter", 302), ("other_sorter", 403), ("curator", 302)])
def test_the_pages_let_throw_away_and_restore_who_may(request, client, clip, who, status):
    client.force_login(request.getfixturevalue(who))
    answer = client.post(reverse("clips:bin_throw"), {"clips": clip.pk, "next": "/clips"})
    assert answer.status_code == status
    assert BinEntry.objects.exists() == (status == 302)
    if status == 302:
        assert answer["Location"] == "/clips"
        entry = BinEntry.objects.get()
        assert client.post(reverse("clips:bin_restore", args=[entry.pk])).status_code == 302
        assert FinalClip.objects.current().get() == clip


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/x", "javascript:alert(1)", ""])
def test_a_form_leads_to_no_other_site(client, clip, sorter, elsewhere):
    client.force_login(sorter)
    answer = client.post(reverse("clips:bin_throw"), {"clips": clip.pk, "next": elsewhere})
    assert answer["Location"] == "/bin"


def test_a_script_throws_away_lists_and_restores(client, clip, own_video, sorter, other_sorter, curator):
    client.force_login(other_sorter)
    assert client.delete(reverse("api:clip", args=[clip.pk])).status_code == 403
    client.force_login(sorter)
    key = uuid.uuid4()
    for _time in range(2):
        answer = client.delete(reverse("api:clip", args=[clip.pk]), query_params={"key": key, "reason": "double"})
        assert (answer.status_code, answer.json()["id"], answer.json()["reason"]) == (200, str(key), "double")
    assert client.delete(reverse("api:clip", args=[clip.pk])).status_code == 409
    assert [entry["id"] for entry in client.get(reverse("api:bin_list")).json()["results"]] == [str(key)]
    assert client.post(reverse("api:bin_restore", args=[key])).json()["restored_at"]
    answer = client.delete(reverse("api:video", args=[own_video.pk]), query_params={"with_clips": "1"}).json()
    assert (answer["kind"], answer["n_clips"]) == ("VIDEO", 1)
    assert client.delete(reverse("api:session", args=[own_video.shoot_id])).json()["kind"] == "SESSION"
    assert client.delete(reverse("api:bin_entry", args=[answer["id"]])).status_code == 403
    client.force_login(curator)
    assert client.delete(reverse("api:bin_entry", args=[answer["id"]])).json()["emptying_at"]
    assert client.post(reverse("api:bin_restore", args=[answer["id"]])).status_code == 409


def test_an_empty_session_may_be_thrown_away_by_any_sorter(shoot, other_sorter):
    assert throw_away(other_sorter, shoots=[shoot]).n_videos == 0


def test_only_who_threw_it_away_and_curators_restore(clip, sorter, other_sorter, curator):
    entry = throw_away(sorter, clips=[clip])
    with pytest.raises(NotAllowedError):
        restore(entry, other_sorter)
    assert restore(entry, curator)


def test_the_trail_names_both(clip, sorter, curator):
    restore(throw_away(sorter, clips=[clip]), curator)
    trail = AuditEntry.objects.filter(action__in=[Action.BINNED, Action.RESTORED]).order_by("pk")
    assert list(trail.values_list("actor_name", "action")) == [("mia", Action.BINNED), ("cora", Action.RESTORED)]


# --- many -------------------------------------------------------------------------------------------------------------


def make_clips(original: OriginalFile, member, n_clips: int) -> list[FinalClip]:
    segments = CandidateSegment.objects.bulk_create(
        CandidateSegmentFactory.build(original_file=original, start_ms=n, end_ms=n + 9, status=SegmentStatus.ACCEPTED)
        for n in range(n_clips)
    )
    return FinalClip.objects.bulk_create(
        FinalClipFactory.build(
            original_file=original, candidate_segment=segment, date=original.shoot.date, created_by=member,
            filename=f"2024-12-01__many__v{number:05d}.mp4",
        )
        for number, segment in enumerate(segments)
    )  # fmt: skip


@pytest.mark.slow
def test_many_clips_cost_as_many_queries_as_two(original, sorter):
    clips = make_clips(original, sorter, 300)
    counted = []
    for some in (clips[:2], clips[2:]):
        with CaptureQueriesContext(connection) as queries:
            entry = throw_away(sorter, clips=some)
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert entry.n_clips == 298
    FinalClip.objects.update(stored_path="")
    Job.objects.all().delete()
    pks = entry.clips.values_list("pk", flat=True)
    FinalClip.objects.filter(pk__in=list(pks)).update(stored_path="final_clips/x.mp4", file_hash="a" * 64, size_bytes=1)
    assert restore(entry, sorter)
    assert FinalClip.objects.current().count() == 298

"""Tests how pieces are asked for, made by a worker, served, and evicted."""

import datetime as dt
import threading
import time

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clips.disk.eviction import make_room
from clips.media.render.wanted_pieces import Wanted
from clips.models import EvictedKind, Job, JobKind, JobState, OriginalFile, Piece, Watch
from clips.previews import cache, pieces
from clips.tests.factories import OriginalFileFactory
from clips.tests.library.watched import filmed
from clips.tests.media.made_up import make_video
from clips.tests.workers import PATIENCE_S, Worker, eventually

SIZE_BYTES = 1000


def add_pieces(original: OriginalFile, count: int, data_dir) -> list[Piece]:
    """Add pieces with files; the first is the one that was not watched for longest."""
    (data_dir / "candidates").mkdir(exist_ok=True)
    rows = []
    for number in range(count):
        path = pieces.stored_path(original, number)
        (data_dir / path).write_bytes(bytes(SIZE_BYTES))
        seen_at = timezone.now() - dt.timedelta(hours=count - number)
        row = Piece(original_file=original, number=number, stored_path=path, size_bytes=SIZE_BYTES, seen_at=seen_at)
        rows.append(row)
    return Piece.objects.bulk_create(rows)


def address(original: OriginalFile, number: int) -> str:
    return reverse("clips:piece_file", args=[original.pk, number])


def test_the_list_names_each_piece_and_how_long_it_is(client, viewer, original):
    OriginalFile.objects.filter(pk=original.pk).update(duration_ms=2_750)
    client.force_login(viewer)
    answer = client.get(reverse("clips:piece_list", args=[original.pk]))
    assert answer["Content-Type"] == "application/vnd.apple.mpegurl"
    lines = answer.content.decode().splitlines()
    assert [line for line in lines if line.startswith("#EXTINF")] == [
        "#EXTINF:1.000,", "#EXTINF:1.000,", "#EXTINF:0.750,",
    ]  # fmt: skip
    assert [line for line in lines if line.endswith(".ts")] == [address(original, number) for number in range(3)]
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert client.get(address(original, 3)).status_code == 404


def test_a_piece_that_is_not_there_is_wished_for_and_made_by_a_job(client, viewer, original):
    client.force_login(viewer)
    for _again in range(2):
        answer = client.get(address(original, 7))
        assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    job = Job.objects.get()
    assert (job.kind, job.original_file_id, job.priority) == (JobKind.PIECES, original.pk, 0)
    assert Watch.objects.get().number == 7
    client.get(address(original, 90))
    assert Watch.objects.get().number == 90
    wanted = pieces.wanted_now(original)
    assert wanted.urgent == (90,)
    assert wanted.ahead[:2] == (91, 92)
    assert len(wanted.ahead) == pieces.AHEAD


def test_what_is_made_ahead_ends_with_the_video_and_leaves_out_what_is_there(original, viewer, own_data_dir):
    OriginalFile.objects.filter(pk=original.pk).update(duration_ms=4_500)
    original.refresh_from_db()
    add_pieces(original, 3, own_data_dir)
    Watch.objects.all().note(original, viewer, 1)
    assert pieces.wanted_now(original) == Wanted((), (3, 4))


def test_two_who_watch_one_video_are_both_served(original, viewer, sorter):
    Watch.objects.all().note(original, viewer, 5)
    Watch.objects.all().note(original, sorter, 100)
    wanted = pieces.wanted_now(original)
    assert wanted.urgent == (5, 100)
    assert not wanted.leaves(5)
    assert not wanted.leaves(100)
    assert wanted.leaves(6)


def test_nobody_watching_ends_the_work(original, viewer):
    assert pieces.wanted_now(original).has_ended
    Watch.objects.all().note(original, viewer, 5)
    assert not pieces.wanted_now(original).has_ended
    Watch.objects.update(asked_at=timezone.now() - pieces.WATCHES_WITHIN)
    assert pieces.wanted_now(original).has_ended


def test_more_videos_than_the_machine_bears_wait_for_a_place(client, viewer, original, shoot):
    for _other in range(pieces.AT_ONCE):
        other = OriginalFileFactory(shoot=shoot, duration_ms=60_000)
        job = Job.objects.for_target(JobKind.PIECES, other)
        Job.objects.claim(job.pk, worker="one")
    client.force_login(viewer)
    assert client.get(address(original, 0)).json()["state"] == "busy"
    Job.objects.filter(state=JobState.RUNNING).cancel_all()
    assert client.get(address(original, 0)).json()["state"] == "waiting"


def test_a_piece_that_cannot_be_made_says_why_until_somebody_asks_again(client, viewer, original):
    client.force_login(viewer)
    client.get(address(original, 3))
    claimed = Job.objects.claim(Job.objects.get().pk, worker="one")
    claimed.fail("This file is damaged.")
    answer = client.get(address(original, 3))
    assert answer.json() == {"state": "failed", "reason": "This file is damaged."}
    assert client.get(address(original, 9)).json()["state"] == "waiting"  # another place may be whole
    Job.objects.filter(state=JobState.WAITING).cancel_all()
    assert client.post(reverse("clips:pieces_again", args=[original.pk])).status_code == 204
    assert client.get(address(original, 3)).json()["state"] == "waiting"


def test_a_video_that_is_not_here_has_no_pieces(client, viewer, original):
    client.force_login(viewer)
    OriginalFile.objects.filter(pk=original.pk).update(evicted_at=timezone.now())
    assert client.get(address(original, 0)).status_code == 404
    assert client.get(reverse("clips:piece_list", args=[original.pk])).status_code == 404


def test_a_piece_that_was_deleted_from_the_data_folder_is_made_again(client, viewer, original, own_data_dir):
    add_pieces(original, 1, own_data_dir)
    client.force_login(viewer)
    assert client.get(address(original, 0)).status_code == 200
    (own_data_dir / pieces.stored_path(original, 0)).unlink()
    assert client.get(address(original, 0)).status_code == 202
    assert Job.objects.get().kind == JobKind.PIECES


def test_the_cache_keeps_to_its_size_and_what_was_watched_last(original, own_data_dir, settings):
    add_pieces(original, 10, own_data_dir)
    settings.PIECES_MAX_BYTES = 10 * SIZE_BYTES
    assert pieces.keep_to_size() == 0
    settings.PIECES_MAX_BYTES = 5 * SIZE_BYTES
    assert pieces.keep_to_size() == 6  # to nine tenths of it
    assert list(Piece.objects.order_by("number").values_list("number", flat=True)) == [6, 7, 8, 9]
    assert {path.name for path in (own_data_dir / "candidates").iterdir()} == {
        f"{original.pk}-{number}.ts" for number in (6, 7, 8, 9)
    }


def test_pieces_go_before_previews_and_originals_when_the_disk_is_full(original, own_data_dir):
    add_pieces(original, 4, own_data_dir)
    freed = []
    assert make_room(2 * SIZE_BYTES, dry_run=True, report=freed.append) == 2 * SIZE_BYTES
    assert Piece.objects.count() == 4
    assert make_room(2 * SIZE_BYTES, report=freed.append) == 2 * SIZE_BYTES
    assert [(one.kind, one.n_files) for one in freed] == 2 * [(EvictedKind.PREVIEW, 2)]
    assert list(Piece.objects.order_by("number").values_list("number", flat=True)) == [2, 3]


def test_a_piece_without_a_row_is_an_orphan_and_one_with_a_row_is_not(original, own_data_dir, monkeypatch):
    add_pieces(original, 2, own_data_dir)
    Piece.objects.filter(number=1).delete()
    monkeypatch.setattr(cache, "GRACE_S", -10)
    assert cache.remove_orphans() == 1
    assert [path.name for path in (own_data_dir / "candidates").iterdir()] == [f"{original.pk}-0.ts"]


def test_a_piece_costs_a_fixed_number_of_queries(client, viewer, original, own_data_dir):
    client.force_login(viewer)
    add_pieces(original, 3, own_data_dir)
    client.get(address(original, 0))
    counted = []
    for number in (1, 2):
        with CaptureQueriesContext(connection) as captured:
            client.get(address(original, number))
        counted.append(len(captured))
    assert counted[0] == counted[1] <= 12


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestAtWork:
    """With a real worker."""

    @pytest.fixture
    def video(self, shoot, tmp_path) -> OriginalFile:
        source = make_video(tmp_path / "GX010009.mp4", frames=1200, size=(640, 360), codec="libx265", bframes=2)
        return filmed(shoot, source, "GX010009.MP4")

    def wait_for_piece(self, client, video: OriginalFile, number: int) -> None:
        eventually(lambda: client.get(address(video, number)).status_code == 200, f"piece {number} is made")

    def test_a_seek_is_followed_at_once_and_nobody_watching_ends_the_job(self, client, viewer, video, broker):
        client.force_login(viewer)
        worker = Worker()
        try:
            self.wait_for_piece(client, video, 0)
            self.wait_for_piece(client, video, 32)
            assert Job.objects.filter(kind=JobKind.PIECES).count() == 1
            eventually(lambda: Piece.objects.filter(number=39).exists(), "what comes next is made ahead")
            assert Piece.objects.count() < 40
            job = Job.objects.get(kind=JobKind.PIECES)
            eventually(lambda: Job.objects.get(pk=job.pk).state == JobState.DONE, "the job ends by itself")
        finally:
            worker.stop()

    def test_a_worker_that_is_killed_loses_no_piece_and_another_goes_on(self, client, viewer, video, broker, work_off):
        client.force_login(viewer)
        first, second = Worker(), None
        try:
            self.wait_for_piece(client, video, 0)
            first.kill()
            before = set(Piece.objects.values_list("number", flat=True))
            assert 0 in before
            second = Worker()
            stop = threading.Event()

            def sweep() -> None:
                from clips.jobs.tasks import sweep as returned

                while not stop.wait(0.5):
                    returned()
                connections.close_all()

            sweeping = threading.Thread(target=sweep)
            sweeping.start()
            deadline_s = time.monotonic() + 2 * PATIENCE_S
            while client.get(address(video, 36)).status_code != 200:
                assert time.monotonic() < deadline_s
                time.sleep(0.2)
            stop.set()
            sweeping.join()
            assert before <= set(Piece.objects.values_list("number", flat=True))
            for number in before:
                assert client.get(address(video, number)).status_code == 200
        finally:
            first.stop()
            if second:
                second.stop()

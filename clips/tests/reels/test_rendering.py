"""Tests films of edits: what is in them, their jobs, pages and music, and a worker that is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import av
import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from clips.disk.eviction import make_room
from clips.media.cut.clip import cut
from clips.models import CollectionLink, FinalClip, Job, JobKind, JobState, Reel, ReelMusic, ReelRender, RenderShape
from clips.reels import editing, music, rendering
from clips.reels.editing import NotPossibleError
from clips.reels.rendering import RenderWish
from clips.sorting.decisions import ConflictError
from clips.storage.files import sha256_of
from clips.tests.factories import FinalClipFactory, OriginalFileFactory
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import frame_number, frame_times, make_video, shown_numbers
from people.models import Person
from tricks.models import Trick

HTMX = {"HX-Request": "true"}


def stored(clip: FinalClip, film: Path) -> FinalClip:
    """Give a clip its file."""
    path = f"final_clips/{clip.pk}.mp4"
    place = django_settings.DATA_DIR / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(film.read_bytes())
    FinalClip.objects.filter(pk=clip.pk).update(
        stored_path=path, file_hash=sha256_of(place), size_bytes=place.stat().st_size
    )
    return clip


@pytest.fixture
def cut_reel(shoot, sorter, hand, tmp_path) -> Reel:
    """An edit of two clips with files: 60 pictures at 60 Hz and 60 at 30 Hz, the second trimmed to its last second."""
    made, trick = [], Trick.objects.add("KFED")
    for rate, person in ((60, "Miller Downey"), (30, "Mia Łukasz")):
        film = make_video(tmp_path / f"{rate}.mp4", frames=60, rate=rate)
        original = OriginalFileFactory(
            shoot=shoot, duration_ms=60_000, rate_num=rate, rate_den=1, codec="h264", probe={"pix_fmt": "yuv420p"}
        )
        clip = FinalClipFactory(
            original_file=original, start_ms=5_000, end_ms=5_000 + 60_000 // rate,
            person=Person.objects.add(person), trick=trick,
        )  # fmt: skip
        made.append(stored(clip, film))
    reel = editing.make_reel("December", member=sorter)
    rows = FinalClip.objects.filter(pk__in=[clip.pk for clip in made]).order_by("end_ms")
    editing.add_clips(reel, rows, hand=hand(sorter))
    editing.trim_clip(reel.clips.get(position=2), start_ms=6_000, end_ms=7_000, hand=hand(sorter))
    return reel


SMALL = RenderWish(shape=RenderShape.SQUARE, has_names=False)


def test_an_edit_is_asked_for_once_and_what_cannot_be_rendered_is_said(reel, sorter, clips):
    with pytest.raises(NotPossibleError, match="being cut"):
        rendering.ask_for(reel, SMALL, member=sorter, key=uuid.uuid4())
    FinalClip.objects.update(stored_path="final_clips/x.mp4", file_hash="0" * 64, size_bytes=1)
    key = uuid.uuid4()
    render = rendering.ask_for(reel, SMALL, member=sorter, key=key)
    assert rendering.ask_for(reel, SMALL, member=sorter, key=key) == render
    job = Job.objects.get(kind=JobKind.FILM)
    assert (job.reel_render, job.state) == (render, JobState.WAITING)
    assert render.plan["frame"] == {"width_px": 1080, "height_px": 1080, "rate_hz": "60"}
    for _ in range(rendering.MAX_UNDER_WAY - 1):
        rendering.ask_for(reel, SMALL, member=sorter, key=uuid.uuid4())
    with pytest.raises(ConflictError):
        rendering.ask_for(reel, SMALL, member=sorter, key=uuid.uuid4())
    assert rendering.cancel(render)
    assert [film.state.name for film in rendering.renders_of(reel)] == ["waiting", "waiting", "cancelled"]
    assert rendering.retry(render)
    assert not rendering.retry(render)
    rendering.delete(render)
    assert ReelRender.objects.count() == rendering.MAX_UNDER_WAY - 1


def test_a_trim_is_counted_from_the_first_picture_of_the_clips_file(reel, sorter, clips, hand):
    FinalClip.objects.update(stored_path="final_clips/x.mp4", file_hash="0" * 64, size_bytes=1)
    FinalClip.objects.filter(lineage=reel.clips.get(position=2).lineage).update(
        start_ms=5_004
    )  # 600 and half a picture
    editing.trim_clip(reel.clips.get(position=2), start_ms=5_509, end_ms=6_000, hand=hand(sorter))
    first, second, *_ = rendering.ask_for(reel, SMALL, member=sorter, key=uuid.uuid4()).plan["items"]
    assert (first["start_ms"], first["end_ms"]) == (None, None)
    assert (second["start_ms"], second["end_ms"]) == (509, 1_000)


@pytest.mark.slow
def test_where_a_cut_said_when_it_begins_a_trim_is_exact_also_of_a_camera_without_a_rate(
    shoot, sorter, hand, tmp_path, own_data_dir
):
    pts_ms = [round(n * 33.4 + (0, 9, 3, 17)[n % 4]) for n in range(60)]
    film = make_video(tmp_path / "phone.mp4", frames=60, pts=pts_ms)
    video = OriginalFileFactory(shoot=shoot, duration_ms=2_000, rate_num=30, rate_den=1, codec="h264")
    start_ms, out = pts_ms[10] + 15, tmp_path / "cut.mp4"  # somewhere within a picture
    made = cut(str(film), str(out), start_ms, pts_ms[50])
    clip = FinalClipFactory(original_file=video, start_ms=start_ms, end_ms=pts_ms[50], lead_us=made["lead_us"])
    stored(clip, out)
    reel = editing.make_reel("Phone", member=sorter)
    editing.add_clips(reel, FinalClip.objects.filter(pk=clip.pk), hand=hand(sorter))
    times_ms, numbers = [at_s * 1000 for at_s in frame_times(out)], shown_numbers(out)
    for wanted in (11, 12, 13, 14, 40):
        editing.trim_clip(reel.clips.get(), start_ms=pts_ms[wanted], end_ms=pts_ms[50], hand=hand(sorter))
        render = rendering.ask_for(reel, SMALL, member=sorter, key=uuid.uuid4())
        (item,) = render.plan["items"]
        on_screen = max(n for n, at_ms in enumerate(times_ms) if at_ms <= item["start_ms"])
        assert numbers[on_screen] == wanted
        rendering.delete(render)


def test_a_crop_that_somebody_moved_is_in_the_plan(reel, sorter, clips, hand):
    FinalClip.objects.update(stored_path="final_clips/x.mp4", file_hash="0" * 64, size_bytes=1)
    for at_ms, middle in ((5_000, 200), (6_000, 700)):
        editing.move_crop(reel.clips.get(position=2), at_ms, middle, hand=hand(sorter))
    first, second, *_ = rendering.ask_for(reel, SMALL, member=sorter, key=uuid.uuid4()).plan["items"]
    assert not first["places"]
    assert second["places"] == ((0, 0.2), (1, 0.7))


def test_the_page_asks_shows_and_stops(client, reel, sorter, viewer, clips):
    FinalClip.objects.update(stored_path="final_clips/x.mp4", file_hash="0" * 64, size_bytes=1)
    here = reverse("clips:reel_renders", args=[reel.pk])
    client.force_login(sorter)
    assert "Render film" in client.get(here, headers=HTMX).text
    asked = {"key": uuid.uuid4(), "shape": "TALL", "shorter_px": "1080", "rate": "30000/1001", "has_credits": "on"}
    assert "9:16 · 1080p" in client.post(here, asked, headers=HTMX).text
    render = ReelRender.objects.get()
    assert render.plan["frame"] == {"width_px": 1080, "height_px": 1920, "rate_hz": "30000/1001"}
    assert client.post(here, asked | {"key": uuid.uuid4(), "shape": "ROUND"}, headers=HTMX).status_code == 422
    answer = client.post(reverse("clips:reel_render_cancel", args=[reel.pk, render.pk]), headers=HTMX)
    assert "Cancelled" in answer.text
    assert "hx-get" not in answer.text
    assert client.get(reverse("clips:reel_render_file", args=[reel.pk, render.pk])).status_code == 404
    client.force_login(viewer)
    assert "Render film" not in client.get(here, headers=HTMX).text
    assert client.post(here, asked, headers=HTMX).status_code == 403


def test_music_comes_in_pieces_each_counted_once(client, reel, sorter):
    client.force_login(sorter)
    here = reverse("clips:reel_music", args=[reel.pk])
    key, whole = uuid.uuid4(), bytes(range(250)) * 8

    def send(at: int, to: int, name: str = "Song of ours.mp3") -> tuple[int, dict]:
        fields = {"key": key, "name": name, "at": at, "size": len(whole)}
        answer = client.post(here, fields | {"piece": SimpleUploadedFile("piece", whole[at:to])})
        return answer.status_code, json.loads(answer.content)

    assert send(0, 1_000) == (200, {"here": 1_000, "is_whole": False})
    assert send(0, 1_000) == (200, {"here": 1_000, "is_whole": False})
    assert send(1_500, 2_000)[0] == 409
    assert send(1_000, 2_000) == (200, {"here": 2_000, "is_whole": True})
    assert send(1_000, 2_000) == (200, {"here": 2_000, "is_whole": True})
    brought = ReelMusic.objects.get()
    assert (brought.name, brought.reel) == ("Song of ours", reel)
    assert (django_settings.DATA_DIR / brought.stored_path).read_bytes() == whole
    key = uuid.uuid4()
    assert send(0, 100, name="song.exe")[0] == 422
    music.remove(brought)
    assert not ReelMusic.objects.exists()


def test_old_films_and_files_without_rows_go(reel, sorter, own_data_dir, django_capture_on_commit_callbacks):
    made = [
        ReelRender.objects.create(
            reel=reel, shape="WIDE", shorter_px=1080, rate="30", stored_path=f"final_clips/reels/{number}.mp4",
            size_bytes=1, duration_ms=1, seen_at=timezone.now() - timedelta(days=40 if number == 3 else 0),
        )
        for number in range(rendering.MAX_KEPT + 2)
    ]  # fmt: skip
    place = own_data_dir / rendering.FOLDER
    place.mkdir(parents=True)
    kept = place / f"{made[-1].pk}.mp4"
    for path in (kept, place / f"{uuid.uuid4()}.mp4", place / f"{made[3].pk}.mp4"):
        path.write_bytes(b"film")
    assert rendering.drop_old() == 2
    assert not ReelRender.objects.filter(pk=made[3].pk).exists()
    assert rendering.remove_orphans() == 1
    assert list(place.iterdir()) == [kept]


def test_room_is_made_of_films_that_nobody_watched_for_a_day(reel, own_data_dir):
    yesterday = timezone.now() - timedelta(hours=30)
    films = {"shape": "WIDE", "shorter_px": 1080, "rate": "30", "size_bytes": 4, "duration_ms": 1}
    old, new = (
        ReelRender.objects.create(reel=reel, stored_path=f"{rendering.FOLDER}/{name}.mp4", seen_at=seen_at, **films)
        for name, seen_at in (("old", yesterday), ("new", timezone.now()))
    )
    (own_data_dir / rendering.FOLDER).mkdir(parents=True)
    for film in (old, new):
        (own_data_dir / film.stored_path).write_bytes(b"film")
    assert make_room(1, dry_run=True) == 4
    assert make_room(100) == 4
    assert list(ReelRender.objects.all()) == [new]
    assert not (own_data_dir / old.stored_path).exists()


@pytest.mark.slow
def test_a_film_has_every_picture_plays_downloads_and_is_shared(client, cut_reel, sorter, hand, work_off, own_data_dir):
    editing.move_crop(cut_reel.clips.get(position=1), 5_500, 300, hand=hand(sorter))
    render = rendering.ask_for(cut_reel, replace(SMALL, follows=True), member=sorter, key=uuid.uuid4())
    work_off()
    job = rendering.last_job(render)
    assert (job.state, job.reason) == (JobState.DONE, "")
    render.refresh_from_db()
    assert render.n_in_middle == 0  # what moves in them is their number
    film = own_data_dir / render.stored_path
    assert (render.size_bytes, render.duration_ms) == (film.stat().st_size, 2_000)
    assert not list((own_data_dir / "scratch").glob("film-*"))
    client.force_login(sorter)
    assert client.get(reverse("clips:reel_render_file", args=[cut_reel.pk, render.pk])).status_code == 200
    answer = client.get(reverse("clips:reel_render_download", args=[cut_reel.pk, render.pk]))
    assert "December__1x1__1080p.mp4" in answer["Content-Disposition"]
    link = client.post(
        reverse("clips:links_of", args=["edit", cut_reel.pk]), {"days": "7", "may_download": "on"}, headers=HTMX
    )
    secret = link.text.split("/s/")[1].split("<")[0].split('"')[0].strip()
    client.logout()
    assert "1:1" in client.get(reverse("clips:shared_many", args=[secret])).text
    shared = client.get(reverse("clips:shared_many_film", args=[secret, render.pk]))
    assert b"".join(shared.streaming_content if shared.streaming else [shared.content]) == film.read_bytes()
    assert client.get(reverse("clips:shared_many_film", args=[secret, uuid.uuid4()])).status_code == 404
    CollectionLink.objects.update(may_download=False)  # it may still be watched
    watched = reverse("clips:shared_many_film_watch", args=[secret, render.pk])
    assert watched in client.get(reverse("clips:shared_many", args=[secret])).text
    assert client.get(reverse("clips:shared_many_film", args=[secret, render.pk])).status_code == 403
    piece = client.get(watched, headers={"Range": "bytes=0-99"})
    assert (piece.status_code, "Content-Disposition" in piece) == (206, False)


WORKER = """
import sys, django
django.setup()
from celery import current_app
current_app.loader.import_default_modules()
current_app.tasks["render_reel"](sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_one_segment_at_most(cut_reel, sorter, work_off, own_data_dir):
    wish = RenderWish(shape=RenderShape.WIDE, is_faded=True, has_opening=True)
    render = rendering.ask_for(cut_reel, wish, member=sorter, key=uuid.uuid4())
    job = Job.objects.get(kind=JobKind.FILM)
    folder = own_data_dir / "scratch" / f"film-{render.pk}"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "trickyclip.settings",
        "DATA_DIR": str(own_data_dir),
        "DATABASE_URL": database_url(),
    }
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(job.pk)], env=environment)
    deadline_s = time.monotonic() + 120
    while not (folder / "0.mp4").exists():
        assert worker.poll() is None
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    first = (folder / "0.mp4").stat().st_mtime_ns
    assert not (folder / "film.mp4").exists()
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING
    Job.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    assert Job.objects.all().return_expired() == 1
    assert (folder / "0.mp4").stat().st_mtime_ns == first
    work_off()
    render.refresh_from_db()
    assert rendering.last_job(render).state == JobState.DONE
    with av.open(str(own_data_dir / render.stored_path)) as film:
        pictures = [luma_of(frame) for frame in film.decode(video=0)]
    numbers = [frame_number(picture[::6, ::6]) for picture in pictures]  # drawn in 320 pixels, shown in 1920
    assert len(numbers) == 150 + 60 + 60 - 20
    assert numbers[150:190] == list(range(40))
    assert numbers[210:] == [number for number in range(40, 60) for _twice in range(2)]
    assert not folder.exists()


def database_url() -> str:
    told = connection.settings_dict
    return f"postgres://{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{told['PORT']}/{told['NAME']}"

"""Copies of clips and links to them: who may, what a link shows, and when it ends."""

import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clips import sharing, sorting, undo
from clips.disk import _parts
from clips.media import sandbox
from clips.models import (
    CandidateSegment,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SharedCopy,
    ShareLink,
    ShareSound,
)
from clips.playing import best_source, is_playable
from clips.share_tasks import remove_orphans, share
from clips.storage import sha256_of
from clips.tests.media.made_up import make_video, shown_numbers
from people.models import Person
from tricks.models import Trick


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """Two seconds of 120 frames each, which a browser plays."""
    return make_video(tmp_path_factory.mktemp("film") / "film.mp4", frames=240, rate=120, size=(256, 144))


@pytest.fixture
def filmed(shoot, film) -> OriginalFile:
    stored = django_settings.ORIGINALS_DIR / "filmed.mp4"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(film.read_bytes())
    return OriginalFile.objects.create(
        shoot=shoot, original_filename="GX010001.MP4", stored_path="originals/filmed.mp4", file_hash=sha256_of(stored),
        size_bytes=stored.stat().st_size, camera_id="CAM_GOPRO11", fps_label="120FPS", rate_num=120, rate_den=1,
        duration_ms=2_000, codec="h264", probe={"pix_fmt": "yuv420p"},
    )  # fmt: skip


@pytest.fixture
def clip(filmed, sorter) -> FinalClip:
    """Frames 60 to 120, kept; the jobs that follow are forgotten."""
    segment = CandidateSegment.objects.create(original_file=filmed, start_ms=0, end_ms=1_500)
    person, trick = Person.objects.add("Miller Downey"), Trick.objects.add("KFED")
    choice = sorting.Choice(start_ms=500, end_ms=1_000, person=person, trick=trick)
    return sorting.make_clip(filmed, choice, sorter, candidate_segment=segment)


@pytest.fixture
def copy(clip) -> SharedCopy:
    """A copy that is made, or so its row and file say."""
    made = SharedCopy.objects.create(clip=clip)
    path = sharing.stored_path(made.pk)
    (django_settings.DATA_DIR / path).parent.mkdir(parents=True)
    (django_settings.DATA_DIR / path).write_bytes(b"all of the video")
    SharedCopy.objects.filter(pk=made.pk).update(stored_path=path, size_bytes=16)
    made.refresh_from_db()
    return made


def run_share() -> Job:
    job = Job.objects.active().get(kind=JobKind.SHARE)
    share(str(job.pk))
    job.refresh_from_db()
    return job


def file_of(copy: SharedCopy) -> Path:
    return django_settings.DATA_DIR / SharedCopy.objects.get(pk=copy.pk).stored_path


# --- copies -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_wanted_copy_is_made_in_its_own_way(clip):
    plain = sharing.want_copy(clip)
    slowed = sharing.want_copy(clip, 4, ShareSound.DROP)
    assert Job.objects.filter(kind=JobKind.SHARE).count() == 1, "one job for a clip"
    assert run_share().state == JobState.DONE
    assert SharedCopy.objects.get(pk=slowed.pk).stored_path, "what was wanted last comes first"
    assert run_share().state == JobState.DONE
    assert not Job.objects.active().filter(kind=JobKind.SHARE).exists()
    for copy in (plain, slowed):
        assert shown_numbers(file_of(copy)) == list(range(60, 121))
        assert SharedCopy.objects.get(pk=copy.pk).size_bytes == file_of(copy).stat().st_size
    assert not list(django_settings.SCRATCH_DIR.iterdir())


def made_up(function, arguments, **_limits):
    Path(arguments["out"]).write_bytes(b"video")
    return {"size_bytes": 5}


@pytest.mark.django_db(transaction=True)
def test_what_is_wanted_while_another_copy_is_made_follows_by_itself(clip, monkeypatch):
    def somebody_asks_meanwhile(function, arguments, **limits):
        if not SharedCopy.objects.filter(slow_down=2).exists():
            sharing.want_copy(clip, 2)
        return made_up(function, arguments, **limits)

    monkeypatch.setattr(sandbox, "run", somebody_asks_meanwhile)
    sharing.want_copy(clip)
    run_share()
    run_share()
    assert SharedCopy.objects.exclude(stored_path="").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_copy_of_a_clip_that_is_undone_meanwhile_is_not_kept(clip, monkeypatch):
    def somebody_undoes_meanwhile(function, arguments, **limits):
        FinalClip.objects.update(is_current=False, removed_at=timezone.now())
        Job.objects.get(kind=JobKind.SHARE).cancel()
        sharing.drop_copies(clip)
        return made_up(function, arguments, **limits)

    monkeypatch.setattr(sandbox, "run", somebody_undoes_meanwhile)
    sharing.want_copy(clip)
    assert run_share().state == JobState.CANCELLED
    assert not (django_settings.DATA_DIR / sharing.FOLDER).exists()


def test_a_copy_that_is_there_is_not_made_again(clip, copy):
    assert sharing.want_copy(clip) == copy
    assert sharing.want_copy(clip, 1, ShareSound.DROP) == copy, "at its own speed the sound is always kept"
    assert not Job.objects.exists()


def test_a_copy_whose_file_is_lost_is_made_again(clip, copy):
    file_of(copy).unlink()
    sharing.want_copy(clip)
    assert Job.objects.get().kind == JobKind.SHARE
    copy.refresh_from_db()
    assert (copy.stored_path, copy.size_bytes) == ("", None)


def test_who_looks_at_the_gap_goes_first(clip):
    sharing.want_copy(clip, priority=sharing.LAST)
    assert Job.objects.get().priority == sharing.LAST
    sharing.want_copy(clip, priority=sharing.URGENT)
    sharing.want_copy(clip, priority=sharing.ASKED)
    assert Job.objects.get().priority == sharing.URGENT


def test_of_a_removed_clip_no_copy_is_made(clip):
    FinalClip.objects.update(is_current=False, removed_at=timezone.now())
    with pytest.raises(sharing.NotSharableError):
        sharing.want_copy(clip)


@pytest.mark.parametrize(
    ("rate", "offered"),
    [((30, 1), [1]), ((48, 1), [1, 2]), ((60000, 1001), [1, 2]), ((120, 1), [1, 2, 4]), ((240000, 1001), [1, 2, 4, 8])],
)
def test_slow_motion_is_offered_as_long_as_it_moves(filmed, rate, offered):
    filmed.rate_num, filmed.rate_den = rate
    assert sharing.slow_downs(filmed) == offered


@pytest.mark.django_db(transaction=True)
def test_an_undone_clip_loses_its_copies_their_files_and_links(filmed, sorter, client):
    lease, key = uuid.uuid4(), uuid.uuid4()
    CandidateSegment.objects.create(original_file=filmed, start_ms=0, end_ms=1_500)
    (segment,) = CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)
    choice = sorting.Choice(start_ms=500, end_ms=1_000)
    clip = sorting.keep(segment, choice, lease=lease, key=key, member=sorter)
    copy = sharing.want_copy(clip)
    path = django_settings.DATA_DIR / sharing.stored_path(copy.pk)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"video")
    SharedCopy.objects.update(stored_path=sharing.stored_path(copy.pk), size_bytes=5)
    _link, secret = ShareLink.objects.issue(copy, sorter)
    assert client.get(reverse("clips:shared", args=[secret])).status_code == 200
    undo.undo(lease=lease, key=uuid.uuid4(), member=sorter)
    assert not SharedCopy.objects.exists()
    assert not path.exists()
    assert not Job.objects.active().filter(kind=JobKind.SHARE).exists()
    assert client.get(reverse("clips:shared", args=[secret])).status_code == 404


def test_files_whose_rows_are_gone_are_removed(copy):
    stray = file_of(copy).with_name(f"{uuid.uuid4()}.mp4")
    stray.write_bytes(b"nobody knows me")
    remove_orphans()
    assert list(stray.parent.iterdir()) == [file_of(copy)]


def test_copies_are_counted_in_what_fills_the_disk(copy):
    assert ("copies for sharing", 16) in [(str(name), n) for name, n in _parts()]


# --- clips that browsers do not play ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "plays"),
    [
        ("h264", "yuv420p", True),
        ("h264", "yuvj420p", True),
        ("h264", "yuv420p10le", False),
        ("h264", "yuv422p", False),
        ("h264", None, True),
        ("hevc", "yuv420p", False),
        ("hevc", "yuv420p10le", False),
    ],
)
def test_codec_and_pixels_say_whether_browsers_play_it(clip, codec, pix_fmt, plays):
    OriginalFile.objects.update(codec=codec, probe={"pix_fmt": pix_fmt})
    assert is_playable(FinalClip.objects.get()) == plays
    assert is_playable(FinalClip.objects.with_pictures().get()) == plays


def unplayable(clip: FinalClip) -> None:
    OriginalFile.objects.update(codec="hevc")
    FinalClip.objects.update(stored_path="final_clips/one.mp4", file_hash="a" * 64, size_bytes=5)


def test_whoever_opens_the_page_of_such_a_clip_gets_a_copy_made(client, viewer, clip):
    unplayable(clip)
    client.force_login(viewer)
    url = reverse("clips:clip", args=[clip.pk])
    page = client.get(url).content.decode()
    asks_for = re.search(r'hx-post="(/clips/[^"]+/playable)" hx-trigger="load"', page)[1]
    assert not SharedCopy.objects.exists(), "looking changes nothing"
    assert client.post(asks_for)["Location"] == url
    job = Job.objects.get()
    assert (job.kind, job.priority) == (JobKind.SHARE, sharing.URGENT)
    page = client.get(url).content.decode()
    assert "/playable" not in page
    assert 'hx-trigger="every 2s"' in page
    job.fail("The disk is full.")
    Job.objects.update(state=JobState.FAILED, reason="The disk is full.")
    page = client.get(url).content.decode()
    assert "could not be made: The disk is full." in page
    assert 'hx-trigger="load"' not in page


def test_such_a_clip_plays_its_copy_once_there_is_one(client, viewer, clip, copy):
    unplayable(clip)
    client.force_login(viewer)
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert f'src="/media/copies/{copy.pk}.mp4"' in page
    assert "/playable" not in page
    assert best_source(FinalClip.objects.get()).offset_ms == clip.start_ms
    FinalClip.objects.update(candidate_segment=None)  # else it is cut by its preview, which shows more
    edit = Client()
    edit.force_login(clip.created_by)
    assert f"/media/copies/{copy.pk}.mp4" in edit.get(reverse("clips:clip_edit", args=[clip.pk])).content.decode()


def test_of_a_clip_that_plays_no_copy_is_made_by_looking(client, viewer, clip):
    FinalClip.objects.update(stored_path="final_clips/one.mp4", file_hash="a" * 64, size_bytes=5)
    client.force_login(viewer)
    assert "/playable" not in client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    client.post(reverse("clips:clip_playable", args=[clip.pk]))
    assert not SharedCopy.objects.exists()


# --- the box on the clip's page ---------------------------------------------------------------------------------------


def test_a_sorter_asks_for_a_copy_and_sees_it_come(client, sorter, clip):
    client.force_login(sorter)
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert 'value="4"' in page
    assert 'value="8"' not in page
    answer = client.post(reverse("clips:clip_share", args=[clip.pk]), {"slow_down": 4, "sound": "DROP"})
    copy = SharedCopy.objects.get()
    assert (copy.slow_down, copy.sound) == (4, "DROP")
    assert f'hx-get="/copies/{copy.pk}"' in answer.content.decode()
    Job.objects.update(progress=0.25)
    assert 'value="0.250"' in client.get(reverse("clips:shared_copy", args=[copy.pk])).content.decode()
    SharedCopy.objects.update(stored_path="final_clips/shared/x.mp4", size_bytes=5)
    row = client.get(reverse("clips:shared_copy", args=[copy.pk])).content.decode()
    assert "hx-get" not in row, "polling ends"
    assert f"/media/copies/{copy.pk}/download" in row


@pytest.mark.parametrize("wish", [{"slow_down": 8}, {"slow_down": 0}, {}, {"slow_down": 2, "sound": "LOUD"}])
def test_a_speed_that_is_not_offered_is_refused(client, sorter, clip, wish):
    client.force_login(sorter)
    answer = client.post(reverse("clips:clip_share", args=[clip.pk]), wish)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not SharedCopy.objects.exists()


def test_where_there_is_one_speed_and_its_copy_nothing_is_offered(client, sorter, clip, copy):
    client.force_login(sorter)
    url = reverse("clips:clip", args=[clip.pk])
    assert "Make a copy" in client.get(url).content.decode()
    OriginalFile.objects.update(rate_num=30)
    assert "Make a copy" not in client.get(url).content.decode()


def test_a_viewer_downloads_what_is_there_and_makes_nothing(client, viewer, clip, copy):
    client.force_login(viewer)
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert "/share" not in page
    assert "/links" not in page
    answer = client.get(reverse("clips:shared_copy_download", args=[copy.pk]))
    assert b"".join(answer.streaming_content) == b"all of the video"
    name = clip.filename.removesuffix(".mp4")
    assert answer["Content-Disposition"] == f'attachment; filename="{name}__SHARE.mp4"'


def test_a_copy_says_in_its_name_what_was_done_to_it(clip):
    slowed = SharedCopy(clip=clip, slow_down=4, sound=ShareSound.DROP)
    assert slowed.save_as == clip.filename.replace(".mp4", "__SHARE__4X_SLOWER__SILENT.mp4")


# --- links ------------------------------------------------------------------------------------------------------------


def make_link(client: Client, copy: SharedCopy, days: int = 7) -> str:
    """Return the address that the page shows."""
    answer = client.post(reverse("clips:shared_copy_link", args=[copy.pk]), {"days": days})
    return re.search(r"data-copy-text>http://testserver(/s/[^<]+)<", answer.content.decode())[1]


def test_a_link_shows_the_copy_to_anybody_and_nothing_of_the_crew(client, sorter, copy):
    client.force_login(sorter)
    address = make_link(client, copy)
    stranger = Client()
    page = stranger.get(address)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Miller Downey" in text
    assert "KFED" in text
    assert "Backyard Rails" in text
    for private in (sorter.username, str(copy.clip_id), str(copy.pk), copy.clip.filename, "csrf"):
        assert private not in text
    assert page["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page["X-Robots-Tag"]
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers
    part = stranger.get(f"{address}/video.mp4", headers={"Range": "bytes=4-5"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"of")
    assert part["Cache-Control"] == "private, no-store"
    whole = stranger.get(f"{address}/download")
    assert whole["Content-Disposition"].endswith('__SHARE.mp4"')


def test_a_messenger_finds_a_picture(client, sorter, copy):
    client.force_login(sorter)
    address = make_link(client, copy)
    assert "og:image" not in Client().get(address).content.decode()
    assert Client().get(f"{address}/picture.jpg").status_code == 404
    (django_settings.DATA_DIR / "candidates").mkdir()
    (django_settings.DATA_DIR / "candidates/poster.jpg").write_bytes(b"jpeg")
    CandidateSegment.objects.update(poster_path="candidates/poster.jpg")
    page = Client().get(address).content.decode()
    assert f'property="og:image" content="http://testserver{address}/picture.jpg"' in page
    assert b"".join(Client().get(f"{address}/picture.jpg").streaming_content) == b"jpeg"


def test_the_secret_is_told_once_and_kept_as_a_hash(client, sorter, copy):
    client.force_login(sorter)
    secret = make_link(client, copy).rpartition("/")[2]
    assert len(secret) >= 32
    link = ShareLink.objects.get()
    assert secret not in str(vars(link))
    assert secret not in client.get(reverse("clips:shared_copy", args=[copy.pk])).content.decode()
    assert secret not in client.get(reverse("clips:clip", args=[copy.clip_id])).content.decode()


@pytest.mark.parametrize(("days", "lasts"), [(7, timedelta(days=7)), (30, timedelta(days=30)), (0, None)])
def test_a_link_works_as_long_as_was_chosen(client, sorter, copy, days, lasts):
    client.force_login(sorter)
    address = make_link(client, copy, days)
    link = ShareLink.objects.get()
    assert (link.ends_at is None) == (lasts is None)
    if lasts:
        assert abs(link.ends_at - timezone.now() - lasts) < timedelta(minutes=1)
        ShareLink.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
        assert Client().get(address).status_code == 404


def has_ended(address: str) -> bool:
    page = Client().get(address)
    pages = [Client().get(f"{address}/{part}").status_code for part in ("video.mp4", "download", "picture.jpg")]
    says = "This link does not work any more." in page.content.decode()
    return (page.status_code, pages, says) == (404, [404] * 3, True)


def test_a_link_that_was_taken_back_is_closed(client, sorter, other_sorter, copy):
    client.force_login(sorter)
    address, other = make_link(client, copy), make_link(client, copy)
    link = ShareLink.objects.order_by("created_at").first()
    colleague = Client()
    colleague.force_login(other_sorter)
    row = colleague.post(reverse("clips:share_link_end", args=[link.pk])).content.decode()
    assert str(link.pk) not in row
    assert has_ended(address)
    assert Client().get(other).status_code == 200
    first_end = ShareLink.objects.get(pk=link.pk).ended_at
    colleague.post(reverse("clips:share_link_end", args=[link.pk]))
    assert ShareLink.objects.get(pk=link.pk).ended_at == first_end


def test_a_link_to_a_removed_clip_is_closed_and_one_to_an_older_version_is_not(client, sorter, copy):
    client.force_login(sorter)
    address = make_link(client, copy)
    FinalClip.objects.update(is_current=False)
    assert Client().get(address).status_code == 200
    FinalClip.objects.update(removed_at=timezone.now())
    assert has_ended(address)
    client.force_login(sorter)
    assert client.get(reverse("clips:shared_copy_file", args=[copy.pk])).status_code == 404


def test_a_link_needs_a_copy_that_is_made(client, sorter, clip):
    copy = sharing.want_copy(clip)
    client.force_login(sorter)
    answer = client.post(reverse("clips:shared_copy_link", args=[copy.pk]), {"days": 7})
    assert answer.status_code == 409
    assert "no copy yet" in answer.content.decode()
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize("days", ["", "8", "-1", "soon"])
def test_only_the_offered_times_can_be_chosen(client, sorter, copy, days):
    client.force_login(sorter)
    answer = client.post(reverse("clips:shared_copy_link", args=[copy.pk]), {"days": days})
    assert answer.status_code == 422
    assert not ShareLink.objects.exists()


def test_a_guessed_link_opens_nothing(db):
    assert has_ended("/s/" + "a" * 32)

"""Tests recording times, camera names, and the grouping of files of one recording."""

import datetime as dt
import html
import re
import threading
from functools import partial

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.db import connection
from django.urls import reverse

from clips.library import tasks
from clips.library.tasks import true_beginning
from clips.models import CameraClock, CameraName, FinalClip, OriginalFile, Shoot, Upload, UploadState
from clips.models.recording import Part, parts
from clips.sorting import decisions
from clips.sorting.decisions import Choice, TrimError, check_trim
from clips.tests.factories import OriginalFileFactory
from clips.tests.recorded import SAID, SERIAL, add_probed, utc


@pytest.fixture
def alps(shoot) -> Shoot:
    shoot.time_zone = "Europe/Vienna"
    shoot.save()
    return shoot


@pytest.fixture
def add_file(shoot):
    """Return a function that adds a probed file to the session."""
    return partial(add_probed, shoot)


def times_of(*files):
    rows = dict(OriginalFile.objects.values_list("pk", "recorded_at"))
    return [rows[file.pk] for file in files]


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


# What the file says, and where it was.


def test_a_camera_that_writes_utc_is_believed(add_file):
    file = add_file()
    assert (file.recorded_at, file.utc_offset_min) == (utc(10), None)


def test_a_local_clock_is_read_in_the_sessions_time_zone(alps, add_file):
    file = add_file(clock_is_local=True)
    assert (file.recorded_at, file.utc_offset_min) == (utc(9), 60)


def test_a_session_without_a_zone_is_in_that_of_the_site(add_file, monkeypatch):
    monkeypatch.setattr(settings, "TIME_ZONE", "America/Denver")
    file = add_file(clock_is_local=True)
    assert (file.recorded_at, file.utc_offset_min) == (utc(17), -420)


def test_summer_time_counts(alps, add_file):
    assert add_file(clock_is_local=True, recorded_at="2024-07-01T10:00:00+00:00").recorded_at == utc(8, month=7)


def test_a_phones_own_offset_wins_over_the_sessions_zone(alps, add_file):
    assert add_file(utc_offset_min=-420).utc_offset_min == -420


def test_a_file_without_a_time_has_none(alps, add_file):
    file = add_file(recorded_at=None)
    assert (file.recorded_at, file.utc_offset_min, file.local_day) == (None, None, None)


def test_the_probe_of_an_older_version_is_taken_as_well(add_file):
    older = {name: value for name, value in SAID.items() if name not in ("serial", "utc_offset_min")}
    file = add_file()
    file.apply_probe(older)
    assert (file.recorded_at, file.camera_serial) == (utc(10), "")


def test_capture_rate_and_serial_number_are_kept(add_file):
    file = add_file(capture_rate_num=240, capture_rate_den=1, fps_label="240FPS")
    assert (file.capture_rate, file.camera_serial, file.fps_label) == (240, SERIAL, "240FPS")


def test_another_time_zone_of_the_session_moves_only_local_clocks(client, curator, shoot, add_file):
    local, true = add_file(clock_is_local=True), add_file("IMG_1.MOV", camera_id="CAM_IPHONE_15")
    client.force_login(curator)
    fields = {"date": shoot.date, "name": shoot.name, "slug": shoot.slug, "sensitivity": 50}
    answer = client.post(reverse("admin:clips_shoot_change", args=[shoot.pk]), fields | {"time_zone": "Europe/Vienna"})
    assert times_of(local, true) == [utc(9), utc(10)]
    assert "The times of 2 files changed." in said(answer)  # of one the offset alone


# What the names say.


def test_a_moment_in_the_name_counts_where_the_file_has_none(alps, add_file):
    local = add_file("VID_20240116_123456.mp4", recorded_at=None)
    pixel = add_file("PXL_20240116_123456789.mp4", recorded_at=None)
    assert (local.recorded_at, local.utc_offset_min) == (dt.datetime(2024, 1, 16, 11, 34, 56, tzinfo=dt.UTC), 60)
    assert pixel.recorded_at == dt.datetime(2024, 1, 16, 12, 34, 56, tzinfo=dt.UTC)


def test_a_day_alone_in_the_name_is_the_files_day_and_no_moment(add_file):
    file = add_file("VID-20240116-WA0003.mp4", recorded_at=None)
    assert (file.recorded_at, file.local_day) == (None, dt.date(2024, 1, 16))


@pytest.mark.parametrize(
    ("make", "name", "recorded_at", "offset_min"),
    [
        ("DJI", "DJI_20241201120000_0001_D.MP4", utc(10), 120),  # it says UTC
        ("DJI", "DJI_20241201100002_0001_D.MP4", utc(9), 60),  # the wall clock's
        ("Insta360", "VID_20241201_100000_00_001.insv", utc(9), 60),
        ("samsung", "20241201_115110.mp4", utc(10), 120),  # written when it ended, 8:50 later
        ("samsung", "20241201_100000.mp4", utc(10), 60),
        ("DJI", "DJI_20241201104000_0001_D.MP4", utc(10), 60),  # no zone differs so
        ("Google", "PXL_20241201_120000000.mp4", utc(10), 60),
        ("DJI", "DJI_0001.MP4", utc(10), 60),
    ],
)
def test_a_local_time_in_the_name_tells_what_the_time_inside_means(alps, add_file, make, name, recorded_at, offset_min):
    file = add_file(name, make=make)
    assert (file.recorded_at, file.utc_offset_min) == (recorded_at, offset_min)


# Clocks that go wrong.


UNSET = {"recorded_at": None, "clock_shows": "2016-01-01T00:00:07+00:00", "clock_is_local": True}


def test_a_clock_without_power_has_no_time_until_it_is_corrected(alps, add_file):
    file = add_file(**UNSET)
    assert (file.recorded_at, file.utc_offset_min, file.local_day) == (None, None, None)
    CameraClock.objects.create(camera_id="CAM_GOPRO8", day=dt.date(2016, 1, 1), offset_s=281_448_000)
    OriginalFile.objects.all().place_in_time()
    assert times_of(file) == [dt.datetime(2024, 12, 1, 11, 0, 7, tzinfo=dt.UTC)]


@pytest.mark.slow
def test_pages_lead_from_a_clock_without_power_to_its_correction(client, curator, sorter, alps, add_file):
    file = add_file(**UNSET)
    Upload.objects.create(
        owner=curator, shoot=alps, original_filename="GX010001.MP4", size_bytes=1, offset_bytes=1, original_file=file,
        state=UploadState.REGISTERED,
    )  # fmt: skip
    pages = [reverse("clips:session", args=[alps.pk]) + "?details", reverse("clips:upload")]
    client.force_login(curator)
    for page in pages:
        text = client.get(page).text
        assert "wasn’t set: it showed 2016-01-01" in text
        link = html.unescape(re.search(r'href="([^"]*/manage/cameras/clock[^"]*)"', text)[1])
    form = client.get(link).context["form"]
    assert form.is_valid()
    typed = form.data.dict()
    assert typed == {
        "camera_id": "CAM_GOPRO8", "serial": SERIAL, "shown": "2016-01-01T00:00:07", "true": "2024-12-01T12:00:07",
    }  # fmt: skip
    page = client.get(reverse("admin:clips_originalfile_change", args=[file.pk])).text
    assert "unknown; the camera&#x27;s clock showed 2016-01-01 00:00:07" in page
    client.post(reverse("clips:clock_correct"), typed)
    assert times_of(file) == [dt.datetime(2024, 12, 1, 11, 0, 7, tzinfo=dt.UTC)]
    assert "wasn’t set" not in client.get(pages[0]).text
    client.force_login(sorter)
    CameraClock.objects.all().delete()
    OriginalFile.objects.all().place_in_time()
    text = client.get(pages[0]).text
    assert "A curator can correct the camera’s clock." in text
    assert "/manage/cameras" not in text


def test_a_clock_ahead_is_told_so_and_one_beside_a_named_day_is_no_fault(client, viewer, shoot, add_file):
    ahead = {"recorded_at": None, "clock_shows": "2099-05-05T10:00:00+00:00"}
    add_file("a.mp4", **ahead), add_file("VID-20240116-WA0003.mp4", **ahead)
    client.force_login(viewer)
    text = client.get(reverse("clips:session", args=[shoot.pk]), {"details": ""}).text
    assert text.count("clock runs ahead: it showed 2099-05-05") == 1


def test_a_correction_holds_for_its_camera_and_day_alone(add_file):
    files = [
        add_file("a.mp4"),
        add_file("b.mp4", camera_id="CAM_GOPRO11"),
        add_file("c.mp4", recorded_at="2024-12-02T10:00:00+00:00"),
    ]
    CameraClock.objects.create(camera_id="CAM_GOPRO8", day=dt.date(2024, 12, 1), offset_s=-90)
    assert OriginalFile.objects.filter(camera_id="CAM_GOPRO8").place_in_time() == 1
    assert times_of(*files) == [utc(9, 58, 30), utc(10), utc(10, day=2)]


def test_the_correction_of_one_camera_wins_over_that_of_its_kind(add_file):
    CameraClock.objects.create(camera_id="CAM_GOPRO8", day=dt.date(2024, 12, 1), offset_s=60)
    CameraClock.objects.create(camera_id="CAM_GOPRO8", serial=SERIAL, day=dt.date(2024, 12, 1), offset_s=3600)
    assert times_of(add_file("a.mp4"), add_file("b.mp4", serial="other")) == [utc(11), utc(10, 1)]


def test_the_day_of_a_correction_is_the_one_the_camera_showed(alps, add_file):
    """At 00:30 in Vienna it is the day before in UTC."""
    CameraClock.objects.create(camera_id="CAM_GOPRO8", day=dt.date(2024, 12, 2), offset_s=3600)
    assert add_file(recorded_at="2024-12-01T23:30:00+00:00").recorded_at == utc(0, 30, day=2)


def test_saving_and_deleting_a_correction_in_the_admin_puts_times_right(client, curator, add_file):
    file = add_file()
    client.force_login(curator)
    fields = {"camera_id": "cam_gopro8", "serial": "", "day": "2024-12-01", "offset_s": "3600"}
    answer = client.post(reverse("admin:clips_cameraclock_add"), fields)
    assert said(answer)[0] == "The time of 1 file changed."
    assert times_of(file) == [utc(11)]
    change = reverse("admin:clips_cameraclock_change", args=[CameraClock.objects.get().pk])
    client.post(change, fields | {"offset_s": "-3600"})
    assert times_of(file) == [utc(9)]
    client.post(change, fields | {"camera_id": "CAM_OTHER"})
    assert times_of(file) == [utc(10)]
    client.post(change, fields)
    client.post(change.replace("change", "delete"), {"post": "yes"})
    assert times_of(file) == [utc(10)]


def test_corrections_deleted_together_are_taken_back(client, curator, add_file):
    clock = CameraClock.objects.create(camera_id="CAM_GOPRO8", day=dt.date(2024, 12, 1), offset_s=60)
    file = add_file()
    client.force_login(curator)
    action = {"action": "delete_selected", "_selected_action": [clock.pk], "post": "yes"}
    client.post(reverse("admin:clips_cameraclock_changelist"), action)
    assert times_of(file) == [utc(10)]


def test_a_correction_for_no_camera_is_refused(client, curator):
    client.force_login(curator)
    fields = {"camera_id": "GoPro", "serial": "", "day": "2024-12-01", "offset_s": "1"}
    answer = client.post(reverse("admin:clips_cameraclock_add"), fields)
    assert "Write a camera like CAM_GOPRO11." in answer.content.decode()
    assert not CameraClock.objects.exists()


def test_a_cut_is_told_the_true_beginning_of_its_file(alps, add_file):
    clip = FinalClip(original_file=add_file(clock_is_local=True))
    assert true_beginning(clip) == "2024-12-01T09:00:00+00:00"
    clip.original_file.recorded_at = None
    assert true_beginning(clip) is None


def test_the_admin_shows_the_true_time_beside_what_the_file_says(client, curator, alps, add_file):
    CameraClock.objects.create(camera_id="CAM_GOPRO8", day=dt.date(2024, 12, 1), offset_s=-90)
    client.force_login(curator)
    file = add_file(clock_is_local=True)
    page = client.get(reverse("admin:clips_originalfile_change", args=[file.pk])).content.decode()
    assert "2024-12-01 09:58:30 (UTC+01:00); the file says 2024-12-01 10:00:00" in page


# Recordings in several files.


def test_parts_that_bear_the_time_of_the_whole_begin_one_after_the_other(add_file):
    """Whatever order they are read in."""
    third, first, second = (add_file(f"GX0{n}0001.MP4") for n in (3, 1, 2))
    assert times_of(first, second, third) == [utc(10), utc(10, 8, 50), utc(10, 17, 40)]


@pytest.mark.django_db(transaction=True)
def test_parts_that_are_read_at_the_same_moment_do_not_miss_each_other(shoot):
    files = [
        OriginalFileFactory(
            shoot=shoot, original_filename=f"GX0{n}0001.MP4", stored_path=f"{n}", file_hash=f"{n:064x}", size_bytes=1
        )
        for n in range(1, 5)
    ]
    together = threading.Barrier(len(files))

    def read(file: OriginalFile) -> None:
        together.wait()
        try:
            file.apply_probe(SAID)
        finally:
            connection.close()

    threads = [threading.Thread(target=read, args=[file]) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert times_of(*files) == [utc(10), utc(10, 8, 50), utc(10, 17, 40), utc(10, 26, 30)]


def test_parts_that_bear_their_own_time_keep_it(add_file):
    first, second = add_file("GOPR0001.MP4"), add_file("GP010001.MP4", recorded_at="2024-12-01T10:08:50+00:00")
    assert times_of(first, second) == [utc(10), utc(10, 8, 50)]


def test_nothing_is_guessed_for_a_part_without_the_one_before_it(add_file):
    add_file("GX010001.MP4")
    assert add_file("GX030001.MP4").recorded_at == utc(10)


def test_the_same_number_in_another_camera_is_another_recording(add_file):
    files = [add_file("GX010001.MP4"), add_file("GX020001.MP4", serial="other"), add_file("GL010001.LRV")]
    assert times_of(*files) == [utc(10)] * 3
    found = parts(files)
    assert found == {files[1].pk: Part(2, 2)}


def test_a_copys_ending_changes_nothing_of_the_chapter(add_file):
    files = [add_file(name) for name in ("GX010001 (1).MP4", "GX020001.MP4", "GX030001_1.MP4")]
    assert parts(files) == {file.pk: Part(number, 3) for number, file in enumerate(files, 1)}
    assert files[0].next_part() == files[1]
    assert times_of(*files) == [utc(10), utc(10, 8, 50), utc(10, 17, 40)]


def test_two_cards_in_one_folder_are_two_recordings(add_file):
    names = ("GX010001.MP4", "GX010001 (1).MP4", "GX020001.MP4", "GX020001 (1).MP4")
    files = [add_file(name) for name in names]
    assert parts(files) == {file.pk: Part(number, 2) for number, file in zip((1, 1, 2, 2), files, strict=True)}
    assert files[1].next_part() == files[3]


def test_avchds_clips_that_go_on_without_a_gap_are_parts_of_one_recording(add_file):
    began = ["10:00:00", "10:08:49", "10:20:00", "10:28:50"]
    files = [add_file(f"0000{number}.MTS", recorded_at=f"2024-12-01T{at}+00:00") for number, at in enumerate(began)]
    other = add_file("00004.MTS", recorded_at="2024-12-01T10:37:40+00:00", serial="other")
    found = parts([*files, other])
    assert found == {file.pk: Part(number, 2) for number, file in zip((1, 2, 1, 2), files, strict=True)}
    assert (files[0].next_part(), files[1].next_part()) == (files[1], None)


def test_a_session_shows_which_files_are_one_recording(client, viewer, shoot, add_file):
    for name in ("GX010001.MP4", "GX020001.MP4", "GX010002.MP4"):
        add_file(name)
    client.force_login(viewer)
    page = client.get(reverse("clips:session", args=[shoot.pk]), {"details": ""}).content.decode()
    page = page[page.index('id="details"') :]
    assert page.index("part 1 of 2") < page.index("part 2 of 2")
    assert page.count("part ") == 2


def test_a_trim_beyond_a_part_names_the_file_that_goes_on(add_file):
    first = add_file("GX010001.MP4")
    with pytest.raises(TrimError, match="8:50 long"):
        check_trim(first, 529_000, 531_000)
    add_file("GX020001.MP4")
    with pytest.raises(TrimError, match=r"ends at 8:50 and continues in GX020001\.MP4"):
        check_trim(first, 529_000, 531_000)


# Names of one's own.


@pytest.fixture
def clip(add_file, sorter) -> FinalClip:
    return decisions.make_clip(add_file(), Choice(0, 4000), sorter)


def found_by(client, **query):
    return len(client.get(reverse("clips:library"), query).context["page"].object_list)


@pytest.mark.slow
def test_a_clip_is_found_by_its_cameras_own_name_until_it_has_another(
    client, admin, clip, broker, django_capture_on_commit_callbacks
):
    client.force_login(admin)
    assert found_by(client, q="helmet") == 0

    def post(page: str, args=(), **typed) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse(f"admin:clips_cameraname_{page}", args=args), typed)
        assert broker.depth("light") == 1, "a worker was asked"
        broker.wipe()
        tasks.refresh_search(camera_id="CAM_GOPRO8")

    post("add", camera_id="CAM_GOPRO8", serial=SERIAL, name="helmet cam")
    assert found_by(client, q="helmet cam") == 1
    own = CameraName.objects.get()
    post("change", [own.pk], name="chest cam")
    assert (found_by(client, q="helmet"), found_by(client, q="chest")) == (0, 1)
    post("delete", [own.pk], post="yes")
    assert found_by(client, q="chest") == 0


def test_the_name_of_one_camera_wins_and_others_keep_that_of_their_kind(add_file):
    CameraName.objects.create(camera_id="CAM_GOPRO8", name="the old one")
    CameraName.objects.create(camera_id="CAM_GOPRO8", serial=SERIAL, name="helmet cam")
    add_file("a.mp4"), add_file("b.mp4", serial="other"), add_file("c.mp4", camera_id="CAM_X")
    named = OriginalFile.objects.with_camera_names().order_by("original_filename")
    assert [file.own_camera_name for file in named] == ["helmet cam", "the old one", None]


@pytest.mark.slow
def test_pages_show_the_own_name_and_file_names_keep_the_id(client, viewer, shoot, clip):
    CameraName.objects.create(camera_id="CAM_GOPRO8", serial=SERIAL, name="helmet cam")
    client.force_login(viewer)
    pages = {
        "library": reverse("clips:library"),
        "list": reverse("clips:library") + "?view=list",
        "clip": reverse("clips:clip", args=[clip.pk]),
        "session": reverse("clips:session", args=[shoot.pk]),
    }
    for name, url in pages.items():
        assert "helmet cam" in client.get(url).content.decode(), name
    assert "CAM_GOPRO8" in clip.filename


def test_the_library_filters_by_own_name_and_by_id(client, viewer, sorter, add_file, clip):
    CameraName.objects.create(camera_id="CAM_GOPRO8", serial=SERIAL, name="helmet cam")
    decisions.make_clip(add_file("b.mp4", serial="other"), Choice(0, 4000), sorter)
    client.force_login(viewer)
    CameraName.objects.create(camera_id="CAM_GOPRO8", name="the old one")
    assert found_by(client, camera="the old one") == 1
    assert [found_by(client, camera=asked) for asked in ("CAM_GOPRO8", "helmet cam", "Helmet Cam", "no cam")] == [
        2,
        1,
        1,
        0,
    ]
    answer = client.get(reverse("clips:library_facet", args=["camera"]), headers={"HX-Request": "true"})
    offered = {choice.text for choice in answer.context["facet"].choices}
    assert offered == {"the old one · GOPRO8", "helmet cam · GOPRO8"}


def test_a_file_page_leads_to_a_name_and_a_clock_for_its_camera(client, curator, add_file):
    client.force_login(curator)
    page = client.get(reverse("admin:clips_originalfile_change", args=[add_file().pk])).content.decode()
    name = f"{reverse('admin:clips_cameraname_add')}?camera_id=CAM_GOPRO8&amp;serial={SERIAL}"
    assert f'href="{name}"' in page
    assert f"serial={SERIAL}&amp;day=2024-12-01" in page
    form = client.get(f"{reverse('admin:clips_cameraname_add')}?camera_id=CAM_GOPRO8&serial={SERIAL}").content.decode()
    assert f'value="{SERIAL}"' in form

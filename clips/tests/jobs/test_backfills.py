"""Tests the backfill commands: the rows they choose, and that a dry run does nothing."""

import threading
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clips.models import FinalClip, Job, JobKind, OriginalFile
from clips.tests.factories import FinalClipFactory


@pytest.fixture
def clip(original) -> FinalClip:
    return FinalClipFactory(
        original_file=original, filename="a.mp4", start_ms=0, end_ms=9, date="2024-12-01",
        stored_path="final_clips/a.mp4", file_hash="b" * 64, size_bytes=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("reprobe", JobKind.PROBE),
        ("redetect", JobKind.DETECT),
        ("repreview", JobKind.POSTER),
        ("rerender", JobKind.RENDER),
        ("rearchive", JobKind.ARCHIVE),
    ],
)
def test_each_command_asks_for_its_job_once(clip, capsys, command, kind):
    call_command(command, "--dry-run")
    assert not Job.objects.exists()
    assert "1 job" in capsys.readouterr().out
    for _twice in range(2):
        call_command(command, "--no-wait")
    assert [job.kind for job in Job.objects.all()] == [kind]


@pytest.mark.parametrize(
    ("filters", "n_chosen"),
    [
        ([], 1),
        (["--session", "backyard rails"], 1),
        (["--session", "BackyardRails", "--date", "2024-12-01"], 1),
        (["--session", "elsewhere"], 0),
        (["--date", "2024-12-02"], 0),
        (["--camera", "cam_gopro11"], 1),
        (["--camera", "CAM_IPHONE_XR"], 0),
        (["--failed"], 0),
    ],
)
def test_filters_choose(clip, filters, n_chosen):
    call_command("redetect", "--no-wait", *filters)
    call_command("rerender", "--no-wait", *filters)
    assert Job.objects.count() == 2 * n_chosen


def test_failed_ones_are_those_whose_last_try_failed(original):
    first = Job.objects.for_target(JobKind.DETECT, original)
    Job.objects.claim(first.pk, worker="one").fail("no luck")
    call_command("redetect", "--failed", "--no-wait")
    second = Job.objects.active().get()
    Job.objects.claim(second.pk, worker="one").finish()
    call_command("redetect", "--failed", "--no-wait")
    assert Job.objects.count() == 2


def test_an_unknown_id_is_said_and_nothing_done(original):
    with pytest.raises(CommandError, match="1 of these ids"):
        call_command("reprobe", str(original.pk), str(uuid.uuid4()))
    assert not Job.objects.exists()


def test_reading_again_does_not_analyse_again(original, own_data_dir, work_off, tmp_path):
    from clips.tests.media.made_up import make_video

    (own_data_dir / "originals").mkdir()
    make_video(own_data_dir / original.stored_path, frames=30)
    call_command("reprobe", "--no-wait")
    assert work_off() == [JobKind.PROBE]
    assert OriginalFile.objects.get().duration_ms == 1000


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_command_waits_and_says_what_failed(original, capsys):
    def fail_it() -> None:
        while not (job := Job.objects.due().first()):
            pass
        Job.objects.claim(job.pk, worker="one").fail("The file is empty.")
        connection.close()

    worker = threading.Thread(target=fail_it)
    worker.start()
    with pytest.raises(CommandError, match="jobs failed"):
        call_command("redetect")
    worker.join()
    assert "GX010001.MP4: The file is empty." in capsys.readouterr().out

"""Tests that every address opened directly shows a whole page, redirects to one, or is no page at all."""

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from clips.models import ChannelKind, Job, JobKind, NoticeChannel, Preview, Receipt, Reel, SharedCopy
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, FinalClipFactory, ten_minutes
from people.models import ApiToken, Invite, Member, Person, Role
from tricks.models import Trick
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS
from trickyclip.tests.test_access import ROUTES, named_routes, use

WITH_CLIP = ("clips:clip", "clips:clip_edit", "clips:clip_file", "clips:clip_download")
WITH_COPY = ("clips:shared_copy", "clips:shared_copy_file", "clips:shared_copy_download")
WITH_SEGMENT = ("clips:moment", "clips:segment_preview", "clips:preview_file", "clips:poster_file")


@pytest.fixture(scope="module")
def session_key(rows_once) -> str:
    """Return the key of a session in which an admin is logged in."""
    client = Client()
    with rows_once():
        client.force_login(Member.objects.create_superuser("first-admin"))
        return client.session.session_key


@pytest.fixture(scope="module")
def rows(rows_once, session_key) -> dict[str, object]:
    """Real rows for routes that need one, by the route or by its kind in the table of routes."""
    with rows_once():
        return make_rows(Member.objects.get(username="first-admin"))


def make_rows(admin: Member) -> dict[str, object]:
    original = ten_minutes()
    run = DetectionRunFactory(original_file=original)
    segments = [
        CandidateSegmentFactory(
            original_file=original, run=run, start_ms=n * 10_000, end_ms=n * 10_000 + 4_000, score=0.95
        )
        for n in range(2)
    ]
    clip = FinalClipFactory(
        candidate_segment=segments[1], original_file=original, start_ms=0, end_ms=900, camera_id="CAM_UNKNOWN",
        fps_label="30FPS", date=dt.date(2024, 12, 1), filename="one__v001.mp4",
    )  # fmt: skip
    Preview.objects.create(
        segment=segments[0], stored_path="candidates/x.mp4", start_ms=0, end_ms=9, width_px=9, height_px=9, size_bytes=9
    )
    copy = SharedCopy.objects.create(clip=clip)
    reel = Reel.objects.create(name="December", made_by=admin, made_by_name=admin.username)
    of_kind = {
        "uuid": uuid.uuid4(),
        "job": Job.objects.for_target(JobKind.DETECT, original).pk,
        "shoot": original.shoot_id,
        "file": original.pk,
        "DETECT": "DETECT",
        "facet": "trick",
        "token": ApiToken.objects.issue(admin, "script")[0].pk,
        "no-such-secret": "no-such-secret",
        "crew": "crew",
        "channel": NoticeChannel.objects.create(name="chat", kind=ChannelKind.DISCORD).pk,
        "person": Person.objects.add("Mia Berg").pk,
        "move": Trick.objects.add("KFED").pk,
        "piece": 10**9,
        "reel": reel.pk,
        "place": reel.clips.create(position=1, lineage=clip.lineage).pk,
        "film": reel.renders.create(shape="WIDE", shorter_px=1080, rate="30").pk,
        "~none": "~none",
        "edit": "edit",
        "receipt": Receipt.objects.create(name="card", source="COMMAND").pk,
        "slug": "slug",
        "layer": 9,
        "act": "pause",
        2024: 2024,
        "invite": Invite.objects.issue(role=Role.SORTER, created_by=admin)[0].pk,
    }
    by_route = {"clips:curve": segments[0].run_id}
    for names, row in ((WITH_CLIP, clip), (WITH_COPY, copy), (WITH_SEGMENT, segments[0])):
        by_route |= dict.fromkeys(names, row.pk)
    return of_kind | by_route


def is_whole(answer) -> bool:
    if 300 <= answer.status_code < 400 or not answer.get("Content-Type", "").startswith("text/html"):
        return True
    text = answer.content.decode().lower()
    return "<!doctype html>" in text and "</html>" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(named_routes()))
def test_an_address_that_is_opened_directly_is_a_whole_page(client, db, session_key, rows, name):
    use(client, session_key)
    kinds, _methods = ROUTES[name]
    answer = client.get(reverse(name, args=[rows.get(name, rows.get(kind)) for kind in kinds]))
    assert is_whole(answer), answer.content.decode()[:200]


def test_a_part_is_still_a_part_for_the_page_that_asks(client, db, session_key):
    use(client, session_key)
    answer = client.get(reverse("clips:board"), headers=AS_A_PAGE_ASKS)
    assert answer.content.decode().strip().startswith('<div class="board">')


def test_the_check_itself_knows_a_part_and_a_blank_page(client, db, session_key):
    use(client, session_key)
    part = client.get(reverse("clips:board"), headers=AS_A_PAGE_ASKS)
    assert not is_whole(part)
    assert not is_whole(client.get(reverse("clips:sort_keep"), headers=AS_A_PAGE_ASKS))

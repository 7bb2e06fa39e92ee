"""Tests every admin page: who may see it, that it shows its rows, and a constant number of queries for longer lists."""

import datetime as dt
import re
import uuid

import pytest
from django.conf import settings
from django.contrib import admin as django_admin
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clips.archive.backend import BlockReason
from clips.models import (
    ArchiveBlock,
    ArchiveCopy,
    ArchiveFolder,
    CameraClock,
    CameraName,
    CandidateSegment,
    ChannelKind,
    CollectionLink,
    Comment,
    CopyState,
    Decision,
    DetectionRun,
    DriveGrant,
    EvictedKind,
    Eviction,
    FileName,
    FinalClip,
    Job,
    JobKind,
    KeptPart,
    Notice,
    NoticeChannel,
    NoticeKind,
    PartKind,
    Reaction,
    ReelMusic,
    ReelRender,
    SegmentStatus,
    SharedCopy,
    ShareLink,
    Shoot,
    Speaker,
    Subject,
    Upload,
)
from clips.reels.editing import Hand, add_clips, make_reel
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, FinalClipFactory, OriginalFileFactory
from people.audit import note
from people.models import Action, ApiToken, AuditEntry, Invite, Member, Merge, Person, Role
from tricks.models import Trick

#: For admins alone: who may do what, with whose account, and who is told what.
ABOUT_MEMBERS = (Member, Invite, ApiToken, AuditEntry, DriveGrant, NoticeChannel, Notice)
REGISTERED = sorted(django_admin.site._registry, key=lambda model: model._meta.label)


def page(model: type[models.Model], name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def add_one_of_each(number: int) -> None:
    """Make one row of everything that the admin shows, linked as in the life of a clip."""
    member = Member.objects.create_user(f"rider{number}", role=Role.SORTER)
    Invite.objects.issue(role=Role.SORTER, created_by=member, member=member)
    ApiToken.objects.issue(member, f"script {number}")
    note(Action.JOINED, member, actor=member)
    Merge.objects.create(kind="people.person", merged_name=f"Mills {number}", survivor_name="Miller", member=member)
    segment = add_held_segment(number, member)
    clip = add_decided_clip(number, segment, member)
    for target in ({"clip": clip}, {"original_file": segment.original_file}, {"segment": segment}):
        Job.objects.create(kind=JobKind.ARCHIVE, **target)
    for target in ({"clip": clip}, {"original_file": segment.original_file}):
        path = f"{number}/{next(iter(target))}"
        verified = {"state": CopyState.VERIFIED, "verified_at": timezone.now()}
        ArchiveCopy.objects.create(backend="local", path=path, **target, **verified)
    CameraName.objects.create(camera_id="CAM_GOPRO11", serial=f"C347{number}", name=f"helmet cam {number}")
    CameraClock.objects.create(camera_id="CAM_GOPRO11", day=dt.date(2024, 12, number + 1), offset_s=3600)
    folder = ArchiveFolder.objects.create(backend="local", name=f"year {number}")
    ArchiveFolder.objects.create(backend="local", parent=folder, name="session")
    ArchiveBlock.objects.note(f"drive {number}", reason=BlockReason.QUOTA, sentence="Make room.", retry_after_s=None)
    Eviction.objects.create(
        kind=EvictedKind.ORIGINAL, original_file=clip.original_file, size_bytes=1000, why="archived"
    )
    KeptPart.objects.create(
        original_file=clip.original_file, kind=PartKind.FRAME, stored_path=f"originals/kept/{number}", size_bytes=1000,
        file_hash=f"{number:064x}",
    )  # fmt: skip
    DriveGrant.objects.create(account=f"{number}@example.org", sealed_token="sealed", scope="", granted_by=member)
    channel = NoticeChannel.objects.create(name=f"crew {number}", kind=ChannelKind.EMAIL, shown_target="…@example.org")
    Notice.objects.create(kind=NoticeKind.DAILY, subject=f"day {number}", channel=channel, title=f"Day {number}")


def add_held_segment(number: int, member: Member) -> CandidateSegment:
    shoot = Shoot.objects.called(f"Backyard Rails {number}", dt.date(2024, 12, number + 1))
    original = OriginalFileFactory(
        shoot=shoot,
        uploader=member,
        original_filename=f"GX01{number:04d}.MP4",
        stored_path=f"originals/{number}.mp4",
        file_hash=f"{number:064x}",
        size_bytes=3 * 1024**3,
        rate_num=240_000,
        rate_den=1001,
        width_px=1920,
        height_px=1080,
        duration_ms=3_723_000,
    )
    Upload.objects.create(owner=member, shoot=shoot, original_filename="a.mp4", size_bytes=9, original_file=original)
    return CandidateSegmentFactory(
        original_file=original,
        run=DetectionRunFactory(original_file=original, version="1", curve={"values": [0, 1]}),
        start_ms=41_000,
        end_ms=45_500,
        score=0.9,
        status=SegmentStatus.IN_PROGRESS,
        locked_by=member,
        locked_at=timezone.now(),
        lease_token=uuid.uuid4(),
        lease_ends_at=timezone.now(),
    )


def add_decided_clip(number: int, segment: CandidateSegment, member: Member) -> FinalClip:
    person = Person.objects.add(f"Miller Downey {number}")
    person.aliases.create(name=f"Mills {number}")
    trick = Trick.objects.add(f"Trick {number}", category="RAIL")
    trick.aliases.create(name=f"t{number}")
    clip = FinalClipFactory(
        candidate_segment=segment,
        original_file=segment.original_file,
        person=person,
        trick=trick,
        created_by=member,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        date=dt.date(2024, 12, 1),
        filename=str(FileName.objects.allocate(f"2024-12-01__{person.slug}__{trick.slug}")),
    )
    clip.also.add(person)
    Decision.objects.create(kind="KEEP", segment=segment, member=member, member_name=member.username)
    ShareLink.objects.issue(SharedCopy.objects.create(clip=clip, stored_path="c", size_bytes=9), member)
    reel = make_reel(f"December {number}", member=member)
    add_clips(reel, FinalClip.objects.filter(pk=clip.pk), hand=Hand(member, uuid.uuid4()))
    CollectionLink.objects.issue(member=member, reel=reel, password="powder")
    Comment.objects.create(lineage=clip.lineage, text="Clean", name=member.username, member=member)
    Comment.objects.create(reel=reel, text="Wow", name="Uncle Bo", is_guest=True)
    Reaction.objects.give(Subject(lineage=clip.lineage), "FIRE", Speaker(member=member))
    ReelRender.objects.create(reel=reel, shape="TALL", shorter_px=1080, rate="30", made_by=member)
    ReelMusic.objects.create(reel=reel, name=f"Song {number}", stored_path=f"song {number}", size_bytes=9)
    return clip


@pytest.fixture(scope="module")
def everything(rows_once) -> None:
    with rows_once():
        add_one_of_each(1)


@pytest.fixture(scope="module")
def sessions(rows_once) -> dict[Role, str]:
    """Return the keys of sessions in which an admin and a curator are logged in."""
    keys = {}
    with rows_once():
        for role in (Role.CURATOR, Role.ADMIN):
            client = Client()
            client.force_login(Member.objects.create_user(f"one-{role.lower()}", role=role))
            keys[role] = client.session.session_key
    return keys


@pytest.fixture
def as_admin(client: Client, db, sessions) -> Client:
    client.cookies[settings.SESSION_COOKIE_NAME] = sessions[Role.ADMIN]
    return client


@pytest.fixture
def as_curator(client: Client, db, sessions) -> Client:
    client.cookies[settings.SESSION_COOKIE_NAME] = sessions[Role.CURATOR]
    return client


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.SORTER, 403), (Role.CURATOR, 200), (Role.ADMIN, 200)]
)
def test_admin_lets_in_from_curator_on(client, db, role, status):
    client.force_login(Member.objects.create_user("mia", role=role))
    assert client.get(reverse("admin:index")).status_code == status


def test_admin_sends_a_stranger_to_the_login_page(client, db):
    response = client.get(reverse("admin:index"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("people:login"))


@pytest.mark.parametrize("model", REGISTERED, ids=str)
def test_curator_sees_all_but_members_and_their_keys(as_curator, everything, model):
    expected = 403 if model in ABOUT_MEMBERS else 200
    row = model.objects.first()
    assert as_curator.get(page(model, "changelist")).status_code == expected
    assert as_curator.get(page(model, "change", row.pk)).status_code == expected


def test_index_names_nothing_of_members_to_a_curator(as_curator, everything):
    html = as_curator.get(reverse("admin:index")).content.decode()
    assert page(Person, "changelist") in html
    assert not [model for model in ABOUT_MEMBERS if page(model, "changelist") in html]


def test_index_lists_whom_one_curates_before_what_is_only_looked_at(as_admin, everything):
    html = as_admin.get(reverse("admin:index")).content.decode()
    places = [html.index(page(model, "changelist")) for model in (Person, Trick, NoticeChannel, ArchiveBlock)]
    assert places == sorted(places)


@pytest.mark.parametrize("model", REGISTERED, ids=str)
def test_list_and_page_of_each_model_show_its_row(as_admin, everything, model):
    """A newly registered model fails here until ``add_one_of_each`` makes one of it."""
    row = model.objects.first()
    assert row is not None, f"no test row of {model._meta.label}"
    listed = as_admin.get(page(model, "changelist"))
    assert listed.status_code == 200
    assert page(model, "change", row.pk) in listed.content.decode()
    assert as_admin.get(page(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", REGISTERED, ids=str)
def test_pages_need_no_inline_script_or_style(as_admin, everything, model):
    addresses = [page(model, "changelist"), page(model, "change", model.objects.first().pk)]
    for address in addresses:
        response = as_admin.get(address)
        html = response.content.decode()
        assert "'unsafe-inline'" not in response.headers["Content-Security-Policy"]
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
        assert not [tag for tag in re.findall(r"<script[^>]*>", html) if "src=" not in tag]


@pytest.mark.parametrize("model", REGISTERED, ids=str)
def test_search_answers(as_admin, everything, model):
    if django_admin.site._registry[model].search_fields:
        assert as_admin.get(page(model, "changelist"), {"q": "no such thing"}).status_code == 200


@pytest.mark.parametrize(("model", "field"), [(Person, "person"), (Trick, "trick")], ids=str)
def test_who_is_in_clips_is_listed_with_how_many_are_current(as_admin, everything, model, field):
    tagged = model.objects.get(clips__isnull=False)
    unused = model.objects.add("Nobody Yet")
    counted = lambda row: re.search(rf'{field}__id__exact={row.pk}[^"]*">(\d+)</a>', listed)[1]  # noqa: E731
    listed = as_admin.get(page(model, "changelist")).content.decode()
    assert (counted(tagged), counted(unused)) == ("1", "0")
    FinalClip.objects.update(is_current=False)
    listed = as_admin.get(page(model, "changelist")).content.decode()
    assert counted(tagged) == "0"


@pytest.mark.parametrize("model", [Decision, DetectionRun, FileName, ArchiveCopy, Comment, Upload], ids=str)
def test_records_can_be_changed_by_nobody(as_admin, everything, model):
    row = model.objects.first()
    assert as_admin.get(page(model, "add")).status_code == 403
    assert as_admin.post(page(model, "change", row.pk), {}).status_code == 403
    assert as_admin.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    delete_all = {"action": "delete_selected", "_selected_action": [row.pk], "index": 0, "post": "yes"}
    as_admin.post(page(model, "changelist"), delete_all)
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", [CandidateSegment, Job], ids=str)
def test_what_workers_write_cannot_be_typed(as_admin, everything, model):
    row = model.objects.first()
    assert as_admin.get(page(model, "add")).status_code == 403
    assert as_admin.post(page(model, "change", row.pk), {"status": "TRASHED"}).status_code == 403
    assert as_admin.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403

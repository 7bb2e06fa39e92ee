"""Tests what members and crews take home: all that is theirs, nothing secret, nothing of others, at any byte again."""

import datetime as dt
import json
import os
import zipfile
import zlib

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from clips.library import export_originals
from clips.models import (
    BinEntry,
    BulkChange,
    Comment,
    Decision,
    FinalClip,
    OriginalFile,
    Reaction,
    SavedView,
    SharedCopy,
    ShareLink,
    Shoot,
    Speaker,
    Subject,
    Upload,
    UploadState,
)
from clips.tests.factories import OriginalFileFactory
from clips.tests.library.test_download import listed, make_clip, opened
from conftest import PASSWORD
from people.audit import note
from people.models import Action, ApiToken, AuditEntry, Invite, Member, Person, RecoveryCode, Role, SecondFactor
from people.models.person import PersonAlias
from tricks.models import Trick, TrickAlias

MINE, CREW = reverse("clips:export_mine"), reverse("clips:export_crew")
IN_ARCHIVE = "TrickyClip Archive/2024/2024-12-01 - Backyard Rails"
ZOE, LEE = "Zoë Müller-Lüdenscheidt", "李小龙"


@pytest.fixture
def clips(original, segments, sorter, other_sorter) -> dict[str, FinalClip]:
    """Clips of two members: Mia's rail of two riders, with an earlier version, and Jo's crash."""
    zoe, lee = Person.objects.add(ZOE), Person.objects.add(LEE)
    PersonAlias.objects.create(person=zoe, name="Zoé")
    TrickAlias.objects.create(trick=(kfed := Trick.objects.add("KFED", category="RAIL")), name="the k")
    rail = {"person": zoe, "trick": kfed, "created_by": sorter, "candidate_segment": segments[0]}
    made = {
        "rail": make_clip(original, "rail", b"rail" * 1000, **rail),
        "crash": make_clip(original, "crash", b"crash", person=lee, category="CRASH", created_by=other_sorter),
    }
    made["rail"].also.add(lee)
    earlier = {"is_current": False, "lineage": made["rail"].lineage, **rail, "start_ms": 500}
    made["earlier"] = make_clip(original, "earlier", b"earlier", **earlier)
    for member, segment in ((sorter, segments[0]), (other_sorter, segments[1])):
        fields = {"member": member, "member_name": member.username, "after": {"status": "ACCEPTED"}}
        Decision.objects.create(kind="KEEP", segment=segment, **fields)
        SavedView.objects.create(name=f"of {member}", member=member, query=f"q=secret+of+{member}")
        BulkChange.objects.create(kind="TAG", label=f"by {member}", member=member, member_name=str(member), n_changed=1)
        entry = {"kind": "CLIPS", "title": f"thrown by {member}", "reason": "too dark"}
        Comment.objects.create(lineage=made["rail"].lineage, text=f"said by {member}", name=str(member), member=member)
        Reaction.objects.give(Subject(lineage=made["rail"].lineage), "FIRE", Speaker(member=member))
        BinEntry.objects.create(thrown_by=member, thrown_by_name=str(member), **entry)
        upload = {"owner": member, "original_filename": f"{member}.MP4", "size_bytes": 9, "offset_bytes": 9}
        Upload.objects.create(**upload, shoot=original.shoot, state=UploadState.REGISTERED)
    return made


@pytest.fixture
def secrets(clips, sorter, other_sorter, admin) -> set[str]:
    """Give everybody everything that is secret, and return what of it is in rows or was shown once."""
    found = {PASSWORD}
    for member in (sorter, other_sorter, admin):
        token, token_secret = ApiToken.objects.issue(member, f"phone of {member}")
        invite, invite_secret = Invite.objects.issue(role=Role.VIEWER, created_by=member, member=member)
        factor = SecondFactor.objects.begin(member)
        SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=timezone.now())
        codes = RecoveryCode.objects.issue(member)
        copy = SharedCopy.objects.create(clip=clips["rail"], slow_down=1 + len(found) // 10)
        link, link_secret = ShareLink.objects.issue(copy, member)
        found |= {token_secret, token.secret_hash, invite_secret, invite.secret_hash, link_secret, link.secret_hash}
        found |= {factor.key, factor.sealed_key, *codes, member.password, str(member.login_mark)}
        found |= set(RecoveryCode.objects.filter(member=member).values_list("code_hash", flat=True))
    return found


def visit(client, member: Member, *, address: str) -> None:
    """Log in as ``member``, and note it as the login page does."""
    client.force_login(member)
    AuditEntry.objects.create(
        action=Action.LOGGED_IN, actor=member, actor_name=str(member), address=address, target_type="", target_id=""
    )


def taken(client, page: str, **fields: str) -> zipfile.ZipFile:
    answer = client.post(page, fields)
    assert answer.status_code == 302, answer.content.decode()
    read = opened(client.get(answer["Location"]))
    assert read.testzip() is None
    return read


def told(read: zipfile.ZipFile, name: str) -> dict:
    said = json.loads(read.read(name))
    assert said["format"] == 1
    return said


def all_text(read: zipfile.ZipFile) -> str:
    return "\n".join([*read.namelist(), *(read.read(name).decode("utf-8", "replace") for name in read.namelist())])


def test_a_crew_takes_all_clips_home_in_the_archives_tree(client, clips, admin):
    client.force_login(admin)
    read = taken(client, CREW)
    rail = f"{IN_ARCHIVE}/Zoe_Muller-Ludenscheidt/KFED/rail__v001.mp4"
    folder = rail.rpartition("/")[0]
    assert read.read(rail) == b"rail" * 1000
    assert read.read(f"{folder}/earlier__v001.mp4") == b"earlier"
    assert set(read.namelist()) > {"crew.json", "clips.csv", f"{IN_ARCHIVE}/session.json"}
    assert len(read.namelist()) == 6
    rows = {row["file"].rpartition("/")[2]: row for row in listed(read)}
    assert (rows["rail__v001.mp4"]["rider"], rows["rail__v001.mp4"]["others"]) == (ZOE, LEE)
    assert {name: row["version"] for name, row in rows.items()} == {
        "rail__v001.mp4": "current", "crash__v001.mp4": "current", "earlier__v001.mp4": "earlier",
    }  # fmt: skip


def test_the_crews_json_has_every_kind_of_row_by_the_names_that_people_use(client, clips, secrets, admin, original):
    client.force_login(admin)
    read = taken(client, CREW)
    crew = told(read, "crew.json")
    assert [person["aliases"] for person in crew["people"] if person["name"] == ZOE] == [["Zoé"]]
    assert LEE in [person["name"] for person in crew["people"]]
    assert [trick["aliases"] for trick in crew["tricks"] if trick["name"] == "KFED"] == [["the k"]]
    assert {member["username"]: member["role"] for member in crew["members"]} == {
        "mia": "SORTER", "jo": "SORTER", "ada": "ADMIN",
    }  # fmt: skip
    assert [(shoot["date"], shoot["name"]) for shoot in crew["sessions"]] == [("2024-12-01", "Backyard Rails")]
    assert [(video["name"], video["sha256"], video["file"]) for video in crew["videos"]] == [
        ("GX010001.MP4", "a" * 64, None)
    ]
    assert len(crew["moments"]) == 10
    lineages = [clip["lineage"] for clip in crew["clips"]]
    assert (len(lineages), len(set(lineages))) == (3, 2)
    assert {decision["by"] for decision in crew["decisions"]} == {"mia", "jo"}
    assert {change["label"] for change in crew["bulk_changes"]} == {"by mia", "by jo"}
    assert {entry["reason"] for entry in crew["bin"]} == {"too dark"}
    assert {said["text"] for said in crew["comments"]} == {"said by mia", "said by jo"}
    assert {given["by"] for given in crew["reactions"]} == {"mia", "jo"}
    assert {link["clip"] for link in crew["share_links"]} == {"rail__v001.mp4"}
    session = told(read, f"{IN_ARCHIVE}/session.json")
    assert (session["name"], len(session["clips"]), len(session["videos"])) == ("Backyard Rails", 3, 1)
    text = read.read("crew.json").decode()
    assert LEE in text, "it is read by people, too"
    assert f'\n  {{"id": "{original.pk}"' in text, "each row has a line of its own"


@pytest.mark.parametrize("page", [MINE, CREW])
def test_no_export_holds_a_secret(client, secrets, admin, sorter, page):
    client.force_login(admin if page == CREW else sorter)
    text = all_text(taken(client, page))
    assert "phone of" in text or page == CREW
    assert [secret for secret in secrets if secret in text] == []


def test_a_member_takes_home_what_is_theirs(client, clips, secrets, sorter, admin):
    visit(client, sorter, address="2001:db8::7")
    note(Action.ROLE_GIVEN, sorter, actor=admin, role="SORTER")
    read = taken(client, MINE)
    said = told(read, "member.json")
    assert (said["account"]["username"], said["account"]["role"]) == ("mia", "SORTER")
    assert said["account"]["second_factor_since"]
    assert [entry["from"] for entry in said["logins"]] == ["2001:db8::7"]
    assert ("role_given", "ada") in [(entry["action"], entry["by"]) for entry in said["audit"]]
    assert [token["name"] for token in said["tokens"]] == ["phone of mia"]
    assert [decision["kind"] for decision in said["decisions"]] == ["KEEP"]
    assert [upload["name"] for upload in said["uploads"]] == ["mia.MP4"]
    assert [view["name"] for view in said["saved_views"]] == ["of mia"]
    assert [entry["title"] for entry in said["bin"]] == ["thrown by mia"]
    assert [comment["text"] for comment in said["comments"]] == ["said by mia"]
    assert len(said["reactions"]) == 1
    assert len(said["share_links"]) == len(said["bulk_changes"]) == 1
    assert {name.rpartition("/")[2] for name in read.namelist()} == {
        "member.json", "clips.csv", "session.json", "rail__v001.mp4", "earlier__v001.mp4",
    }  # fmt: skip


def test_nothing_of_another_member_is_in_it(client, clips, secrets, sorter, other_sorter, admin):
    visit(client, other_sorter, address="203.0.113.9")
    visit(client, sorter, address="2001:db8::7")
    AuditEntry.objects.create(
        action=Action.LOGIN_FAILED, actor_name="?", address="203.0.113.99",
        target_type=Member._meta.label_lower, target_id=str(sorter.pk), target_name="mia",
    )  # fmt: skip
    note(Action.ROLE_GIVEN, other_sorter, actor=sorter, role="CURATOR")
    text = all_text(taken(client, MINE))
    assert "login_failed" in text
    for of_other in (
        "203.0.113",
        "by jo",
        "of jo",
        "said by jo",
        "jo.MP4",
        "crash__v001",
        "CURATOR",
        '"jo"',
        str(other_sorter.pk),
    ):
        assert of_other not in text, of_other


def test_who_did_nothing_yet_takes_their_account_home(client, viewer, clips):
    client.force_login(viewer)
    read = taken(client, MINE)
    assert read.namelist() == ["member.json", "clips.csv"]
    assert told(read, "member.json")["decisions"] == []


@pytest.mark.slow
def test_an_export_is_its_makers_alone_and_a_crews_an_admins(client, clips, admin, sorter, other_sorter):
    client.force_login(sorter)
    own = client.post(MINE)["Location"]
    client.force_login(other_sorter)
    assert client.get(own).status_code == 410
    Member.objects.create_superuser("eve", PASSWORD)
    client.force_login(admin)
    assert client.get(own).status_code == 410
    crews = client.post(CREW)["Location"]
    admin.give_role(Role.CURATOR)
    admin.refresh_from_db()
    client.force_login(admin)
    assert client.get(crews).status_code == 403


def test_a_token_opens_no_export(client, admin):
    _token, secret = ApiToken.objects.issue(admin, "script", "ADMIN")
    assert client.get(CREW, headers={"Authorization": f"Bearer {secret}"}).status_code == 403


def test_each_export_is_in_the_audit_trail(client, clips, sorter):
    client.force_login(sorter)
    taken(client, MINE)
    entry = AuditEntry.objects.get(action=Action.EXPORTED)
    assert (entry.actor, entry.details["kind"], entry.details["n_files"]) == (sorter, "member", 2)


def test_the_pages_say_beforehand_how_much_it_is(client, clips, admin, sorter, original):
    OriginalFile.objects.update(size_bytes=4_000_000_000)
    OriginalFileFactory(shoot=original.shoot, evicted_at=timezone.now())
    client.force_login(admin)
    page = client.get(CREW).content.decode()
    assert "<strong>3</strong> clips, 3.9" in page
    assert "With the original video (1, 3.7" in page
    assert "1 original is only in the archive" in page
    assert "<strong>0</strong> clips" in client.get(MINE).content.decode()
    account = client.get(reverse("people:account")).content.decode()
    assert f'href="{MINE}"' in account
    assert f'href="{CREW}"' in account
    client.force_login(sorter)
    assert f'href="{CREW}"' not in client.get(reverse("people:account")).content.decode()
    assert "<strong>2</strong> clips, 3.9" in client.get(MINE).content.decode()


def put_original(original: OriginalFile, content: bytes) -> None:
    path = django_settings.DATA_DIR / original.stored_path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    OriginalFile.objects.filter(pk=original.pk).update(size_bytes=len(content))


def test_originals_come_along_when_asked_for(client, clips, admin, original):
    put_original(original, b"original" * 1000)
    lost = OriginalFileFactory(shoot=original.shoot, original_filename="lost.mp4")
    client.force_login(admin)
    assert not [name for name in taken(client, CREW).namelist() if "Originals" in name]
    read = taken(client, CREW, originals="on")
    named = f"TrickyClip Archive/Originals/2024/2024-12-01 - Backyard Rails/GX010001__{'a' * 8}.MP4"
    assert read.read(named) == b"original" * 1000
    paths = {video["id"]: video["file"] for video in told(read, "crew.json")["videos"]}
    assert paths == {str(original.pk): named, str(lost.pk): None}


@pytest.mark.slow
def test_a_members_originals_are_those_that_they_uploaded(client, clips, sorter, original):
    put_original(original, b"original")
    client.force_login(sorter)
    assert not [name for name in taken(client, MINE, originals="on").namelist() if "Originals" in name]
    OriginalFile.objects.update(uploader=sorter)
    assert [name for name in taken(client, MINE, originals="on").namelist() if "Originals" in name]


def test_a_long_original_is_read_in_several_requests(client, clips, admin, original):
    content = os.urandom(1_000_000)
    put_original(original, content)
    OriginalFile.objects.update(probe={"codec": "h264"})
    client.force_login(admin)
    lefts = []
    while left_bytes := export_originals.read_on(OriginalFile.objects.all(), for_s=0):
        lefts.append(left_bytes)
    assert lefts == sorted(lefts, reverse=True)
    assert len(lefts) >= 3
    original.refresh_from_db()
    assert original.probe == {"codec": "h264", "crc32": [len(content), zlib.crc32(content)]}
    assert len(taken(client, CREW, originals="on").namelist()) == 7


def test_the_page_asks_again_until_all_is_read(client, clips, admin, original, monkeypatch):
    put_original(original, os.urandom(600_000))
    monkeypatch.setattr("clips.library.export_views.PAGE_READS_S", 0)
    client.force_login(admin)
    assert 'hx-trigger="load' in client.get(CREW).content.decode(), "checksums of older clips first"
    while "clip left" in client.get(CREW).content.decode() or "clips left" in client.get(CREW).content.decode():
        pass
    page = client.get(f"{CREW}?originals=on").content.decode()
    assert "left to read" in page
    assert client.post(CREW, {"originals": "on"}).status_code == 200, "not ready yet"
    assert "Download ZIP" in client.get(CREW).content.decode()


def test_two_sessions_whose_names_lead_to_one_folder_keep_a_sidecar_each(client, clips, admin):
    for name in ("Park?", "Park:"):
        Shoot.objects.called(name, dt.date(2025, 1, 2))
    client.force_login(admin)
    sidecars = [name for name in taken(client, CREW).namelist() if "2025-01-02" in name]
    assert len(set(sidecars)) == 2
    assert any(name.endswith("/session.json") for name in sidecars)


def test_what_is_in_the_bin_is_told_and_not_sent(client, clips, admin):
    FinalClip.objects.filter(pk=clips["crash"].pk).update(is_current=False, removed_at=timezone.now())
    client.force_login(admin)
    read = taken(client, CREW)
    assert not [name for name in read.namelist() if "crash" in name]
    assert len(told(read, "crew.json")["bin"]) == 2

"""Tests names from outside: only visible characters, and none that reverse text."""

import base64
import unicodedata

import pytest
from django.urls import reverse

from clips.ingest.register import display_name
from clips.ingest.session_assignment import named_by
from clips.ingest.tus_headers import clean_session_name
from clips.models import CameraName, NoticeChannel, Upload
from people.models import ApiToken
from people.naming.spelling import clean_name

#: Bidirectional controls, zero-width marks, fillers, a tag, a variation selector, a soft hyphen, ends of lines.
UNSEEN = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e"
    "\u115f\u1160\u3164\uffa0\u034f\u2800\ufe0f\U000e0041\U000e0101\ufff9\u2028\u2029\x00\x1b\x7f\x85\ue000\ud800"
)


@pytest.mark.parametrize("mark", UNSEEN, ids=lambda mark: f"U+{ord(mark):04X}")
def test_a_name_holds_nothing_that_cannot_be_seen(mark):
    dirty = f"{mark}ab{mark}cd{mark}"
    for cleaned in (clean_name(dirty), clean_session_name(dirty), display_name(dirty), named_by([dirty])[0]):
        assert mark not in cleaned
        assert cleaned in {"abcd", "ab cd"}


@pytest.mark.parametrize(
    "name", ["Über Größe", "滑雪 板", "Ярослав", "عمر", "Zoë 1½", "GX010001 (2).MP4", "a_b-c", "🛹 park"]
)
def test_what_can_be_seen_stays(name):
    assert clean_name(name) == unicodedata.normalize("NFC", name)


def test_two_ways_to_write_one_letter_are_one_name():
    assert clean_name("Zoe\u0308  \u00a0 x") == clean_name("Zo\u00eb x") == "Zo\u00eb x"


@pytest.mark.django_db
def test_names_are_stored_as_they_can_be_seen(client, admin):
    turned = "cam\u202egpj.exe\u200b"
    client.force_login(admin)
    metadata = ",".join(f"{key} {base64.b64encode(turned.encode()).decode()}" for key in ("filename", "session"))
    headers = {"HTTP_TUS_RESUMABLE": "1.0.0", "HTTP_UPLOAD_LENGTH": "9", "HTTP_UPLOAD_METADATA": metadata}
    assert client.post(reverse("clips:tus_collection"), **headers).status_code == 201
    client.post(reverse("people:token_create"), {"name": turned, "scope": "READ", "days": "30"})
    client.post(reverse("admin:clips_cameraname_add"), {"camera_id": "CAM_GOPRO11", "serial": "", "name": turned})
    channel = {"name": turned, "kind": "EMAIL", "target": "a@example.org", "wants": ["JOBS_FAILED"], "is_on": "on"}
    client.post(reverse("admin:clips_noticechannel_add"), channel | {"wants": wanted()})
    upload = Upload.objects.get()
    stored = [upload.original_filename, upload.shoot.name, ApiToken.objects.get().name, CameraName.objects.get().name]
    assert [*stored, NoticeChannel.objects.get().name] == ["camgpj.exe"] * 5


def wanted() -> list[str]:
    from clips.models import NoticeKind

    return list(NoticeKind.values)

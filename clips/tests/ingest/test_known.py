"""Tests that known files are recognised by a quick fingerprint, and that the answer has the whole file's SHA-256."""

import hashlib
import json

import numpy as np
import pytest
from django.core.management import call_command
from django.urls import reverse

from clips.ingest.fingerprint import PIECE_BYTES, fingerprint_of
from clips.models import FinalClip, OriginalFile
from clips.tests.factories import FinalClipFactory, OriginalFileFactory

MIB = 1024**2


def by_hand(data: bytes) -> str:
    """Return the fingerprint computed from its description."""
    last = max(0, len(data) - 8 * MIB)
    pieces = [data[start : start + 8 * MIB] for start in (0, last // 2, last)]
    return hashlib.sha256(
        len(data).to_bytes(8, "big") + b"".join(hashlib.sha256(piece).digest() for piece in pieces)
    ).hexdigest()


@pytest.mark.parametrize("size_bytes", [1, 7 * MIB, 8 * MIB, 8 * MIB + 1, 20 * MIB + 3, 25 * MIB])
def test_the_fingerprint_is_what_its_description_says(tmp_path, size_bytes):
    path = tmp_path / "a"
    path.write_bytes(data := np.random.default_rng(size_bytes).bytes(size_bytes))
    assert fingerprint_of(path) == by_hand(data)


@pytest.mark.parametrize("place", [0, PIECE_BYTES - 1, 16 * MIB, 32 * MIB - 1])
def test_one_other_byte_in_a_piece_is_another_fingerprint(tmp_path, place):
    data = bytearray(32 * MIB)
    path = tmp_path / "a"
    path.write_bytes(data)
    before = fingerprint_of(path)
    data[place] ^= 1
    path.write_bytes(data)
    assert fingerprint_of(path) != before


@pytest.fixture
def ask(client, sorter):
    client.force_login(sorter)

    def ask(*fingerprints: object):
        body = json.dumps({"fingerprints": fingerprints})
        return client.post(reverse("clips:upload_known"), body, content_type="application/json")

    return ask


@pytest.fixture
def clip(original) -> FinalClip:
    return FinalClipFactory(
        original_file=original,
        start_ms=0,
        end_ms=1000,
        category="TRICK",
        filename="a.mp4",
    )


@pytest.mark.django_db
def test_a_known_file_is_told_with_its_place_its_clips_and_its_hash(ask, original, clip):
    OriginalFile.objects.update(fingerprint="f" * 64)
    known = ask("f" * 64, "0" * 64).json()["known"]
    assert list(known) == ["f" * 64]
    (file,) = known["f" * 64]
    assert file["sha256"] == original.file_hash
    assert file["says"] == "already here: GX010001.MP4 in Backyard Rails · 2024-12-01, 1 clip kept"
    assert file["url"] == f"{reverse('clips:session', args=[original.shoot_id])}#file-{original.pk}"


@pytest.mark.django_db
def test_two_files_that_look_alike_are_both_told(ask, original):
    OriginalFileFactory(
        shoot=original.shoot,
        original_filename="twin.mp4",
        stored_path="originals/two.mp4",
        file_hash="b" * 64,
    )
    OriginalFile.objects.update(fingerprint="f" * 64)
    assert {file["sha256"] for file in ask("f" * 64).json()["known"]["f" * 64]} == {"a" * 64, "b" * 64}


@pytest.mark.django_db
def test_files_without_a_fingerprint_are_never_known(ask, original):
    assert ask("").json() == {"known": {}}


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [[1], ["f"] * 501, [None]])
def test_a_bad_question_gets_one_sentence(ask, asked):
    answer = ask(*asked)
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")


@pytest.mark.django_db
def test_older_files_get_their_fingerprint_from_a_command(original, settings, capsys):
    OriginalFileFactory(
        shoot=original.shoot,
        original_filename="gone.mp4",
        stored_path="originals/gone.mp4",
        file_hash="b" * 64,
        size_bytes=9,
    )
    path = settings.DATA_DIR / original.stored_path
    path.parent.mkdir()
    path.write_bytes(b"some bytes")
    call_command("fingerprint")
    original.refresh_from_db()
    assert original.fingerprint == by_hand(b"some bytes")
    assert "1 file skipped: not in the data folder." in capsys.readouterr().out

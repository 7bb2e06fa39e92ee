"""Tests share links: who may make them, what they show, and when they expire."""

import re
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clips.models import (
    CandidateSegment,
    FinalClip,
    SharedCopy,
    ShareLink,
)
from clips.sharing import links
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS


def make_link(client: Client, copy: SharedCopy, days: int = 7) -> str:
    """Return the address shown on the page."""
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
    assert (
        secret not in client.get(reverse("clips:shared_copy", args=[copy.pk]), headers=AS_A_PAGE_ASKS).content.decode()
    )
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
    says = "This link no longer works." in page.content.decode()
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
    copy = links.want_copy(clip)
    client.force_login(sorter)
    answer = client.post(reverse("clips:shared_copy_link", args=[copy.pk]), {"days": 7})
    assert answer.status_code == 409
    assert "no copy to share yet" in answer.content.decode()
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize("days", ["", "8", "-1", "soon"])
def test_only_the_offered_times_can_be_chosen(client, sorter, copy, days):
    client.force_login(sorter)
    answer = client.post(reverse("clips:shared_copy_link", args=[copy.pk]), {"days": days})
    assert answer.status_code == 422
    assert not ShareLink.objects.exists()


def test_a_guessed_link_opens_nothing(db):
    assert has_ended("/s/" + "a" * 32)

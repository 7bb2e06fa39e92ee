"""Tests of links to edits, sessions and selected clips: what they show to whoever has them, and when no more."""

import io
import re
import uuid
import zipfile
from datetime import timedelta
from zlib import crc32

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clips.library.bin import restore, throw_away
from clips.models import CollectionLink, FinalClip, Job, JobKind, JobState, OriginalFile, SharedCopy
from clips.reels import editing, sharing
from clips.reels.add_views import gather
from clips.reels.sharing import Wish
from clips.sharing import links as single
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory
from people.throttle import LIMITS
from trickyclip.shared.redact import redact

HTMX = {"HX-Request": "true"}


@pytest.fixture
def cut(clips) -> list[FinalClip]:
    """The four clips with files of their own, and pictures."""
    for number, clip in enumerate(clips):
        data = f"film {number}".encode() * 50
        path, picture = f"final_clips/{clip.pk}.mp4", f"candidates/{clip.pk}.jpg"
        for name, content in ((path, data), (picture, b"picture")):
            place = django_settings.DATA_DIR / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        segment = CandidateSegmentFactory(original_file=clip.original_file, poster_path=picture)
        FinalClip.objects.filter(pk=clip.pk).update(
            stored_path=path, file_hash=f"{number}" * 64, size_bytes=len(data), crc32=crc32(data),
            candidate_segment=segment,
        )  # fmt: skip
    return list(FinalClip.objects.order_by("start_ms"))


@pytest.fixture
def visitor() -> Client:
    """Somebody without an account."""
    return Client()


def link_to(member, of, **wish) -> tuple[CollectionLink, str]:
    link, secret = sharing.make_link(member, Wish(**wish), of=of)
    return link, reverse("clips:shared_many", args=[secret])


def shown(page: str) -> list[str]:
    """Return the addresses of the videos of a page, in their order."""
    return re.findall(r'data-src="([^"]+)"', page)


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_a_visitor_watches_an_edit_in_its_order(visitor, sorter, reel, cut, hand):
    editing.move_clip(reel.clips.get(position=4), 1, hand=hand(sorter))
    _link, address = link_to(sorter, reel)
    answer = visitor.get(address)
    films = shown(answer.text)
    assert [body(visitor.get(film)) for film in films] == [f"film {n}".encode() * 50 for n in (3, 0, 1, 2)]
    assert f'property="og:image" content="http://testserver{address}/picture.jpg"' in answer.text
    assert 'name="twitter:card" content="summary_large_image"' in answer.text
    assert 'content="noindex' in answer.text
    assert answer["X-Robots-Tag"].startswith("noindex")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert body(visitor.get(f"{address}/picture.jpg")) == b"picture"


def test_trim_speed_title_and_sound_reach_the_visitor(visitor, sorter, reel, cut, hand):
    first = reel.clips.get(position=1)
    editing.trim_clip(first, 500, 1500, hand=hand(sorter))
    editing.set_speed(first, 50, hand=hand(sorter))
    editing.set_title(first, "<b>Bold</b>", hand=hand(sorter))
    editing.set_sound(first, False, hand=hand(sorter))
    page = visitor.get(link_to(sorter, reel)[1]).text
    for said in ('data-start-s="0.5000"', 'data-end-s="1.5000"', 'data-rate="0.500"', "&lt;b&gt;Bold", "data-muted"):
        assert said in page


def test_a_session_link_shows_what_the_session_has_now(visitor, sorter, shoot, cut, filmed):
    _link, address = link_to(sorter, shoot)
    assert len(shown(visitor.get(address).text)) == 4
    FinalClipFactory(original_file=filmed, start_ms=40_000, end_ms=41_000)
    assert visitor.get(address).text.count("data-reel-clip=") == 5


def test_a_link_to_selected_clips_shows_their_newest_versions(visitor, sorter, cut):
    _link, address = link_to(sorter, [cut[2].lineage, cut[0].lineage])
    assert len(shown(visitor.get(address).text)) == 2
    FinalClip.objects.filter(pk=cut[2].pk).update(is_current=False)
    new = FinalClipFactory(original_file=cut[2].original_file, lineage=cut[2].lineage, start_ms=10_000, end_ms=11_000)
    assert new.is_current
    page = visitor.get(address).text
    assert page.count("data-reel-clip=") == 2
    assert len(shown(page)) == 1  # the new one is not cut yet


def test_a_link_shows_nothing_but_its_clips(visitor, sorter, cut):
    _link, address = link_to(sorter, [cut[0].lineage])
    assert visitor.get(f"{address}/{cut[0].lineage}.mp4").status_code == 200
    for part in (f"{cut[1].lineage}.mp4", f"{cut[1].lineage}.jpg", f"{cut[1].lineage}/download"):
        assert visitor.get(f"{address}/{part}").status_code == 404


def test_a_binned_clip_is_gone_at_once(visitor, sorter, curator, reel, cut):
    _link, address = link_to(sorter, reel)
    entry = throw_away(curator, clips=[cut[0]])
    assert len(shown(visitor.get(address).text)) == 3
    assert visitor.get(f"{address}/{cut[0].lineage}.mp4").status_code == 404
    assert cut[0].filename not in zip_names(visitor.get(f"{address}/all.zip"))
    restore(entry, curator)
    assert len(shown(visitor.get(address).text)) == 4


def test_a_binned_edit_ends_its_links_and_they_say_so(visitor, sorter, reel, cut):
    _link, address = link_to(sorter, reel)
    entry = throw_away(sorter, reels=[reel])
    answer = visitor.get(address)
    assert answer.status_code == 410
    assert "What it showed was removed." in answer.text
    assert visitor.get(f"{address}/{cut[0].lineage}.mp4").status_code == 410
    restore(entry, sorter)
    assert visitor.get(address).status_code == 200


def test_a_revoked_link_is_dead_at_once(client, visitor, sorter, reel, cut):
    link, address = link_to(sorter, reel)
    client.force_login(sorter)
    answer = client.post(reverse("clips:collection_link_end", args=[link.pk]), headers=HTMX)
    assert "Revoked." in answer.text
    assert visitor.get(address).status_code == 404
    for part in (f"{cut[0].lineage}.mp4", "picture.jpg", "all.zip"):
        assert visitor.get(f"{address}/{part}").status_code == 404


def test_a_link_expires(visitor, sorter, reel, cut):
    link, address = link_to(sorter, reel, days=7)
    assert visitor.get(address).status_code == 200
    CollectionLink.objects.filter(pk=link.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    assert visitor.get(address).status_code == 404


def test_a_password_is_asked_for_once_a_browser(visitor, sorter, reel, cut):
    link, address = link_to(sorter, reel, password="powder ")
    locked = visitor.get(address)
    assert "Enter the password" in locked.text
    assert "December" not in locked.text
    assert visitor.get(f"{address}/{cut[0].lineage}.mp4").status_code == 403
    assert visitor.get(f"{address}/picture.jpg").status_code == 403
    assert "Wrong password." in visitor.post(address, {"password": "powder"}).text
    assert visitor.post(address, {"password": "powder "}).status_code == 302
    assert len(shown(visitor.get(address).text)) == 4
    assert visitor.get(f"{address}/{cut[0].lineage}.mp4").status_code == 200
    assert "Enter the password" in Client().get(address).text
    link.refresh_from_db()
    assert "powder" not in link.password


def test_a_password_opens_no_other_link(visitor, sorter, reel, cut):
    _one, first = link_to(sorter, reel, password="powder")
    _two, second = link_to(sorter, reel, password="powder")
    visitor.post(first, {"password": "powder"})
    assert "Enter the password" in visitor.get(second).text


def test_guessing_a_password_is_slowed_as_a_login_is(visitor, sorter, reel):
    _link, address = link_to(sorter, reel, password="powder")
    answers = [visitor.post(address, {"password": "ice"}).status_code for _guess in range(LIMITS[0])]
    assert answers == [422] * (LIMITS[0] - 1) + [429]
    assert visitor.post(address, {"password": "powder"}).status_code == 429


def zip_names(response) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(body(response))) as archive:
        assert archive.testzip() is None
        return {name.rpartition("/")[2] for name in archive.namelist()}


def test_all_and_one_are_downloaded(visitor, sorter, reel, cut):
    _link, address = link_to(sorter, reel)
    answer = visitor.get(f"{address}/all.zip")
    assert 'filename="December.zip"' in answer["Content-Disposition"]
    assert zip_names(answer) == {"clips.csv", *(clip.filename for clip in cut)}
    answer = visitor.get(f"{address}/{cut[1].lineage}/download")
    assert cut[1].filename in answer["Content-Disposition"]


def test_a_link_without_downloads_gives_none(visitor, sorter, reel, cut):
    _link, address = link_to(sorter, reel, may_download=False)
    page = visitor.get(address).text
    assert "Download" not in page
    assert visitor.get(f"{address}/all.zip").status_code == 403
    assert visitor.get(f"{address}/{cut[0].lineage}/download").status_code == 403
    assert visitor.get(f"{address}/{cut[0].lineage}.mp4").status_code == 200


def test_what_browsers_do_not_play_is_prepared_and_then_shown(visitor, sorter, reel, cut):
    OriginalFile.objects.update(codec="hevc")
    _link, address = link_to(sorter, reel)
    assert Job.objects.filter(kind=JobKind.SHARE).count() == 4
    page = visitor.get(address).text
    assert "4 clips are being prepared" in page
    assert shown(page) == []
    copy = SharedCopy.objects.get(clip=cut[1])
    path = single.stored_path(copy.pk)
    (django_settings.DATA_DIR / path).parent.mkdir(parents=True)
    (django_settings.DATA_DIR / path).write_bytes(b"plays")
    SharedCopy.objects.filter(pk=copy.pk).update(stored_path=path, size_bytes=5)
    page = visitor.get(address).text
    assert [body(visitor.get(film)) for film in shown(page)] == [b"plays"]
    assert Job.objects.filter(kind=JobKind.SHARE).count() == 4


def test_a_share_video_that_failed_is_said_and_offered_again_to_who_may(visitor, client, sorter, reel, cut):
    OriginalFile.objects.update(codec="hevc")
    _link, address = link_to(sorter, reel)
    Job.objects.filter(kind=JobKind.SHARE).update(state=JobState.FAILED, reason="The file is damaged.")
    again = Job.objects.for_target(JobKind.SHARE, cut[0])
    page = visitor.get(address).text
    assert "1 clip is being prepared" in page
    assert "3 clips can’t be shown: their share videos couldn’t be made." in page
    assert (page.count("being prepared"), page.count("can’t be shown")) == (2, 4)
    assert "damaged" not in page
    assert "Try again" not in page
    client.force_login(sorter)
    page = client.get(address).text
    assert f"{reverse('clips:clip', args=[cut[1].pk])}#share" in page
    assert f"{reverse('clips:clip', args=[cut[0].pk])}#share" not in page
    again.cancel()
    assert 'data-waiting="0"' in visitor.get(address).text


def test_the_link_of_an_edit_that_was_emptied_from_the_bin_says_that_it_no_longer_works(visitor, sorter, reel, cut):
    _link, address = link_to(sorter, reel)
    reel.delete()  # as the bin does when it is emptied
    answer = visitor.get(address)
    assert answer.status_code == 404
    assert "This link no longer works." in answer.text


def test_openings_are_counted_and_nobody_is_noted(visitor, sorter, reel, cut):
    link, address = link_to(sorter, reel)
    visitor.get(address)
    visitor.head(address)
    visitor.get(f"{address}?again")
    visitor.get(address)
    link.refresh_from_db()
    assert link.n_views == 2
    assert dict(visitor.cookies) == {}


@pytest.mark.parametrize("n_more", [0, 20])
def test_the_page_takes_a_fixed_number_of_queries(
    visitor, sorter, reel, hand, cut, filmed, n_more, django_assert_max_num_queries
):
    for number in range(n_more):
        at = 20_000 + 1000 * number
        FinalClipFactory(original_file=filmed, start_ms=at, end_ms=at + 900)
    if n_more:
        editing.add_clips(reel, FinalClip.objects.all(), hand=hand(sorter))
    _link, address = link_to(sorter, reel)
    with django_assert_max_num_queries(9):
        assert visitor.get(address).text.count("data-reel-clip=") == 4 + n_more


def test_members_make_see_and_revoke_links(client, sorter, curator, viewer, reel, shoot, cut):
    client.force_login(sorter)
    for kind, pk in (("edit", reel.pk), ("session", shoot.pk)):
        answer = client.post(
            reverse("clips:links_of", args=[kind, pk]), {"days": 7, "may_download": "on"}, headers=HTMX
        )
        assert re.search(r"http://testserver/s/~[\w-]{32}<", answer.text)
        assert "1 day" not in answer.text
        assert answer.text.count('id="link-') == 1
    ids = ",".join(str(clip.pk) for clip in cut[:2])
    asked = {"clips": ids, "days": 0, "title": "Two", "key": uuid.uuid4(), "password": "x"}
    assert "Link to Two" in client.post(reverse("clips:clips_link"), asked, headers=HTMX).text
    page = client.get(reverse("clips:collection_links")).text
    assert page.count('id="link-') == 3
    assert "no downloads" in page
    client.force_login(curator)
    assert client.get(reverse("clips:collection_links")).text.count('id="link-') == 3
    CollectionLink.objects.update(created_by=viewer)
    client.force_login(sorter)
    assert client.get(reverse("clips:collection_links")).text.count('id="link-') == 0


def test_a_secret_is_kept_as_a_hash_only(sorter, reel):
    link, secret = sharing.make_link(sorter, Wish(), of=reel)
    assert secret not in str(CollectionLink.objects.values().get(pk=link.pk))


def test_an_edit_that_is_shared_stays_when_adding_its_clips_is_undone(sorter, clips, hand):
    change = gather("Shared", FinalClip.objects.all(), member=sorter, key=uuid.uuid4())
    link_to(sorter, change.reel)
    editing.undo(change, member=sorter)
    assert change.reel.clips.count() == 0


def test_the_secret_is_in_no_log(sorter, reel):
    _link, secret = sharing.make_link(sorter, Wish(), of=reel)
    address = reverse("clips:shared_many", args=[secret])
    for logged in (address, f"GET {address}/all.zip HTTP/1.1", f"https://crew.example{address}/picture.jpg"):
        assert secret not in redact(logged)

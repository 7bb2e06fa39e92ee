"""Each notice arrives once: not twice after a lost answer, and after a failure it is tried again."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from clips.models import ChannelKind, Notice, NoticeChannel, NoticeKind, NoticeState
from clips.models.notice import MAX_ATTEMPTS
from clips.notices import outbox

pytestmark = pytest.mark.django_db


def send_again() -> Notice:
    """Send as if the wait were over; return the notice as it is then."""
    Notice.objects.update(run_after=timezone.now())
    outbox.send_due()
    return Notice.objects.get()


def wait_s(notice: Notice) -> float:
    return (notice.run_after - timezone.now()).total_seconds()


def test_a_webhook_gets_json_that_its_receiver_can_check(webhook, make_channel, write, settings):
    settings.SITE_URL = "https://clips.example.org"
    make_channel(ChannelKind.WEBHOOK, webhook.url, secret="hush")
    notice = write(path="/sort")
    assert outbox.send_due() == 1
    got = webhook.received[0]
    said = json.loads(got.body)
    assert (said["kind"], said["title"], said["url"]) == ("READY", notice.title, "https://clips.example.org/sort")
    assert said["id"] == got.headers["idempotency-key"] == str(notice.pk)
    at, _comma, mac = got.headers["x-trickyclip-signature"].partition(",v1=")
    signed = f"{at.removeprefix('t=')}.".encode() + got.body
    assert hmac.new(b"hush", signed, hashlib.sha256).hexdigest() == mac


def test_discord_and_slack_get_text_that_wakes_and_links_nobody(webhook, make_channel, write):
    make_channel(ChannelKind.DISCORD, webhook.url)
    make_channel(ChannelKind.SLACK, webhook.url)
    write_all = Notice.objects.write(NoticeKind.READY, "x", title="@everyone [a](b) <!here>", text="")
    assert write_all == 2
    outbox.send_due()
    said = {frozenset(body): body for body in (json.loads(got.body) for got in webhook.received)}
    discord, slack = said[frozenset({"content", "allowed_mentions"})], said[frozenset({"text"})]
    assert discord == {"content": r"**@everyone \[a\](b) <!here\>**", "allowed_mentions": {"parse": []}}
    assert slack == {"text": "*@everyone [a](b) &lt;!here&gt;*"}


def test_the_same_is_never_told_twice(webhook, make_channel, write):
    make_channel(ChannelKind.DISCORD, webhook.url)
    write()
    outbox.send_due()
    write()
    outbox.send_due()
    assert len(webhook.received) == 1


def test_a_refusal_that_may_pass_is_tried_again_later_and_later(webhook, make_channel, write):
    make_channel(ChannelKind.DISCORD, webhook.url)
    webhook.answers = [(500, {}), (503, {})]
    write()
    outbox.send_due()
    first = Notice.objects.get()
    assert (first.state, first.attempts) == (NoticeState.WAITING, 1)
    assert 25 < wait_s(first) <= 30
    second = send_again()
    assert 55 < wait_s(second) <= 60
    assert second.reason.startswith("The answer was 503")
    assert send_again().state == NoticeState.SENT


def test_who_asks_to_wait_is_left_alone_for_so_long(webhook, make_channel, write):
    make_channel(ChannelKind.SLACK, webhook.url)
    webhook.answers = [(429, {"Retry-After": "900"})]
    write()
    outbox.send_due()
    assert 890 < wait_s(Notice.objects.get()) <= 900


def test_after_the_last_attempt_it_has_failed(webhook, make_channel, write):
    make_channel(ChannelKind.DISCORD, webhook.url)
    webhook.answers = [(500, {})]
    write()
    Notice.objects.update(attempts=MAX_ATTEMPTS - 1)
    assert send_again().state == NoticeState.FAILED


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_webhook_that_is_gone_is_not_asked_again(webhook, make_channel, write, status):
    make_channel(ChannelKind.DISCORD, webhook.url)
    webhook.answers = [(status, {})]
    write()
    outbox.send_due()
    assert Notice.objects.get().state == NoticeState.FAILED


def test_a_redirect_is_not_followed(webhook, make_channel, write):
    make_channel(ChannelKind.DISCORD, webhook.url)
    webhook.answers = [(307, {"Location": webhook.url})]
    write()
    outbox.send_due()
    assert len(webhook.received) == 1
    assert "not followed" in Notice.objects.get().reason


def test_a_lost_answer_doubles_nothing_in_a_chat(webhook, make_channel, write):
    make_channel(ChannelKind.DISCORD, webhook.url)
    webhook.answers = [None]
    write()
    outbox.send_due()
    assert send_again().state == NoticeState.UNKNOWN
    assert len(webhook.received) == 1


def test_a_lost_answer_of_a_webhook_is_asked_for_under_the_same_id(webhook, make_channel, write):
    make_channel(ChannelKind.WEBHOOK, webhook.url)
    webhook.answers = [None]
    write()
    outbox.send_due()
    assert send_again().state == NoticeState.SENT
    assert len({got.headers["idempotency-key"] for got in webhook.received}) == 1
    assert len(webhook.received) == 2


def test_who_cannot_be_reached_is_tried_again(make_channel, write, settings):
    settings.NOTICE_PRIVATE_ADDRESSES = True
    make_channel(ChannelKind.DISCORD, "http://127.0.0.1:1/hook")
    write()
    outbox.send_due()
    assert Notice.objects.get().state == NoticeState.WAITING


@pytest.mark.parametrize(
    ("kind", "state"), [(ChannelKind.DISCORD, NoticeState.UNKNOWN), (ChannelKind.WEBHOOK, NoticeState.WAITING)]
)
def test_what_a_sender_left_that_died_goes_again_only_under_an_id(make_channel, write, kind, state):
    make_channel(kind, "https://hooks.example.org/x")
    notice = Notice.objects.claim(write().pk)
    assert Notice.objects.claim(notice.pk) is None
    Notice.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    outbox.settle_expired()
    assert Notice.objects.get().state == state
    assert not notice.end(NoticeState.SENT)  # whom it was taken from changes nothing any more


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::ffff:10.0.0.1]/x",
            "https://169.254.169.254/latest", "https://[fd00::1]/x", "https://0.0.0.0/x", "ftp://example.org/x"],
)  # fmt: skip
def test_the_machine_and_its_network_are_not_asked(make_channel, write, url):
    make_channel(ChannelKind.WEBHOOK, url)
    write()
    outbox.send_due()
    notice = Notice.objects.get()
    assert notice.state == NoticeState.FAILED
    assert notice.attempts == 1


def test_a_new_secret_key_is_said(make_channel, write, settings):
    make_channel(ChannelKind.DISCORD, "https://hooks.example.org/x")
    write()
    settings.SECRET_KEY = "another"
    outbox.send_due()
    assert "SECRET_KEY was changed" in Notice.objects.get().reason


def test_mail_arrives_with_an_id_that_stays(mailbox, make_channel, write):
    make_channel(ChannelKind.EMAIL, "mia@example.org, jo@example.org")
    mailbox.answers = ["451 Not now"]
    notice = write("Line\nbreak: 3 moments")
    outbox.send_due()
    assert Notice.objects.get().state == NoticeState.WAITING
    assert send_again().state == NoticeState.SENT
    envelope = mailbox.mails[0]
    assert envelope.rcpt_tos == ["mia@example.org", "jo@example.org"]
    text = envelope.content.decode()
    assert f"Message-ID: <{notice.pk}@example.org>" in text
    assert "Subject: TrickyClip: Line break: 3 moments" in text
    assert "2 videos are through." in text


@pytest.mark.parametrize(
    ("answer", "state"), [("550 Nobody here", NoticeState.FAILED), ("421 Go away", NoticeState.WAITING)]
)
def test_what_a_mail_server_says_decides(mailbox, make_channel, write, answer, state):
    make_channel(ChannelKind.EMAIL, "mia@example.org")
    mailbox.answers = [answer]
    write()
    outbox.send_due()
    assert Notice.objects.get().state == state


def test_without_a_mail_server_it_says_what_to_set(make_channel, write):
    make_channel(ChannelKind.EMAIL, "mia@example.org")
    write()
    outbox.send_due()
    assert "EMAIL_URL" in Notice.objects.get().reason


def test_a_channel_that_is_off_gets_nothing(webhook, make_channel, write):
    make_channel(ChannelKind.DISCORD, webhook.url)
    write()
    NoticeChannel.objects.update(is_on=False)
    assert outbox.send_due() == 0
    assert webhook.received == []

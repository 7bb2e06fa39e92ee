"""Tests that each notice arrives once: retried after a failure, but not after a lost answer."""

import hashlib
import hmac
import json
import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from clips.models import ChannelKind, Notice, NoticeChannel, NoticeKind, NoticeState
from clips.models.notice import MAX_ATTEMPTS
from clips.notifications import connection, outbox
from people.site_settings.changing import set_values
from people.site_settings.registry import EMAIL_FROM, EMAIL_URL

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
            "https://169.254.169.254/latest", "https://[fd00::1]/x", "https://0.0.0.0/x", "ftp://example.org/x",
            "https://[64:ff9b::7f00:1]/x", "https://[::7f00:1]/x", "https://2130706433/x", "https://0177.1/x",
            "https://[2002:7f00:1::]/x"],
)  # fmt: skip
def test_the_machine_and_its_network_are_not_asked(make_channel, write, url):
    make_channel(ChannelKind.WEBHOOK, url)
    write()
    outbox.send_due()
    notice = Notice.objects.get()
    assert notice.state == NoticeState.FAILED
    assert notice.attempts == 1


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.215.14", True), ("2606:4700::1111", True), ("::ffff:93.184.215.14", True),
        ("64:ff9b::93.184.215.14", True), ("2002:5db8:d70e::1", True), ("192.0.0.9", True),
        ("64:ff9b::127.0.0.1", False), ("64:ff9b::10.0.0.1", False), ("64:ff9b::169.254.169.254", False),
        ("64:ff9b:1::1", False), ("64:ff9b:1:7f00:0:100::", False), ("2002:7f00:1::1", False),
        ("2002:a00:1::", False), ("2001:0:5db8:d70e:0:0:80ff:fffe", False), ("2001::1", False),
        ("::127.0.0.1", False), ("::10.0.0.1", False), ("::93.184.215.14", False), ("::1", False), ("::", False),
        ("::ffff:127.0.0.1", False), ("::ffff:0:127.0.0.1", False), ("fec0::1", False), ("fe80::1%lo", False),
        ("fd12::1", False), ("ff02::1", False), ("ff0e::1", False), ("2001:db8::1", False), ("3fff::1", False),
        ("100::1", False), ("5f00::1", False), ("2606:4700::5efe:127.0.0.1", False),
        ("2606:4700::200:5efe:10.0.0.1", False), ("0.1.2.3", False), ("10.1.2.3", False),
        ("100.64.0.1", False), ("127.8.8.8", False), ("169.254.169.254", False), ("172.16.0.1", False),
        ("192.0.0.1", False), ("192.0.2.1", False), ("192.88.99.1", False), ("192.168.1.1", False),
        ("198.18.0.1", False), ("203.0.113.1", False), ("224.0.0.1", False), ("240.0.0.1", False),
        ("255.255.255.255", False),
    ],
)  # fmt: skip
def test_an_address_counts_by_where_it_leads(address, is_public):
    assert connection._is_public(address) is is_public


def test_who_was_checked_is_who_is_asked_and_a_redirect_is_an_answer(webhook, monkeypatch, settings):
    """A name that means another machine at a second look is looked up once; nobody is led anywhere else."""
    port = int(webhook.url.split(":")[2].split("/")[0])
    looked_up = []

    def rebinding(host: str, *_arguments: object, **_options: object) -> list[tuple]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1" if len(looked_up) == 1 else "10.9.9.9", port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    webhook.answers = [(302, {"Location": f"{webhook.url}elsewhere"})]
    answer = connection.post(f"http://hooks.example.org:{port}/first", b"{}", {}, private=True)
    assert (answer.status, looked_up) == (302, ["hooks.example.org"])
    assert [got.path for got in webhook.received] == ["/first"]
    with pytest.raises(connection.RefusedAddressError):
        connection.post(f"https://hooks.example.org:{port}/first", b"{}", {})


def test_a_new_secret_key_is_said(make_channel, write, settings):
    make_channel(ChannelKind.DISCORD, "https://hooks.example.org/x")
    write()
    settings.SECRET_KEY = "another"
    outbox.send_due()
    assert "SECRET_KEY has changed" in Notice.objects.get().reason


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
    assert "2 videos are done." in text


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
    assert "Set server and sender under Manage, Settings" in Notice.objects.get().reason


def test_mail_goes_to_the_server_that_an_admin_set(mailbox, settings, admin, make_channel, write):
    address = f"smtp://127.0.0.1:{settings.EMAIL_PORT}"
    settings.NOTICE_PRIVATE_ADDRESSES = True
    settings.EMAIL_HOST, settings.EMAIL_FROM = "", ""
    set_values({EMAIL_URL: address, EMAIL_FROM: "crew@example.org"}, admin)
    make_channel(ChannelKind.EMAIL, "mia@example.org")
    write()
    outbox.send_due()
    assert mailbox.mails[0].mail_from == "crew@example.org"


@pytest.mark.parametrize("scheme", ["smtp", "smtp+tls", "smtp+ssl"])
def test_an_admin_reaches_no_inner_service_as_a_mail_server(mailbox, settings, admin, make_channel, write, scheme):
    address = f"{scheme}://127.0.0.1:{settings.EMAIL_PORT}"
    settings.EMAIL_HOST, settings.EMAIL_FROM = "", ""
    set_values({EMAIL_URL: address, EMAIL_FROM: "crew@example.org"}, admin)
    make_channel(ChannelKind.EMAIL, "mia@example.org")
    write()
    outbox.send_due()
    assert "is on a private network" in Notice.objects.get().reason
    assert mailbox.mails == []


def test_a_channel_that_is_off_gets_nothing(webhook, make_channel, write):
    make_channel(ChannelKind.DISCORD, webhook.url)
    write()
    NoticeChannel.objects.update(is_on=False)
    assert outbox.send_due() == 0
    assert webhook.received == []

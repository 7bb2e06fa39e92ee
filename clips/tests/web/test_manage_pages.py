"""Tests the places of Manage that look after the machine: storage, notice channels and earlier checks."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clips.models import AuditReport, AuditState, ChannelKind, EvictedKind, Eviction, Notice, NoticeChannel, NoticeKind
from clips.tests.factories import OriginalFileFactory
from people.models import Action, AuditEntry

STORAGE, NOTICES = reverse("clips:storage"), reverse("clips:notices")
CHAT = {"name": "Crew chat", "kind": ChannelKind.DISCORD, "target": "https://discord.com/api/webhooks/1/secret",
        "wants": [NoticeKind.READY], "is_on": "on"}  # fmt: skip


@pytest.fixture
def page(client, admin):
    client.force_login(admin)
    return client


def n_queries(page, address: str) -> int:
    page.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert page.get(address).status_code == 200
    return len(queries)


def test_only_admins_see_a_path_of_the_server_and_only_in_storage(page, client, curator, settings):
    path = str(settings.INCOMING_DIR)
    assert path in page.get(STORAGE).content.decode()
    assert path not in page.get(reverse("clips:upload")).content.decode()
    client.force_login(curator)
    for address in (STORAGE, reverse("clips:upload")):
        body = client.get(address).content.decode()
        assert "server’s incoming folder" in body or address == STORAGE
        assert path not in body


def test_what_was_freed_is_logged_with_its_reason(page, shoot):
    file = OriginalFileFactory(original_filename="GX010007.MP4")
    Eviction.objects.create(kind=EvictedKind.ORIGINAL, original_file=file, size_bytes=10**9, why="archived")
    body = page.get(STORAGE).content.decode()
    assert "GX010007.MP4" in body
    assert "archived" in body
    few = n_queries(page, STORAGE)
    for number in range(12):
        Eviction.objects.create(kind=EvictedKind.PREVIEW, size_bytes=number + 1, why="sorted")
    assert n_queries(page, STORAGE) == few


def test_a_channel_is_added_and_its_address_never_shown(page):
    answer = page.post(NOTICES, CHAT, follow=True)
    channel = NoticeChannel.objects.get()
    assert channel.target == CHAT["target"]
    assert "discord.com/…" in answer.content.decode()
    edit = page.get(reverse("clips:notice_channel", args=[channel.pk])).content.decode()
    for shown in (answer.content.decode(), edit):
        assert "webhooks/1/secret" not in shown
    assert AuditEntry.objects.get(action=Action.ADDED).target_name == "Crew chat"


def test_a_channel_without_an_address_is_refused(page):
    answer = page.post(NOTICES, CHAT | {"target": ""})
    assert answer.status_code == 422
    assert "Enter an address for the notices." in answer.content.decode()
    assert not NoticeChannel.objects.exists()


def test_a_changed_channel_keeps_the_address_that_was_not_typed(page):
    page.post(NOTICES, CHAT)
    channel = NoticeChannel.objects.get()
    page.post(reverse("clips:notice_channel", args=[channel.pk]), CHAT | {"name": "Chat", "target": "", "is_on": ""})
    channel.refresh_from_db()
    assert (channel.name, channel.is_on, channel.target) == ("Chat", False, CHAT["target"])


def test_a_channel_is_removed_with_its_notices(page):
    page.post(NOTICES, CHAT)
    Notice.objects.write(NoticeKind.READY, "one", title="Ready", text="Backyard Rails")
    assert "Ready" in page.get(NOTICES).content.decode()
    page.post(reverse("clips:notice_remove", args=[NoticeChannel.objects.get().pk]))
    assert not Notice.objects.exists()
    assert AuditEntry.objects.filter(action=Action.DELETED, target_name="Crew chat").exists()


def test_a_test_notice_says_what_came_of_it(page, settings):
    settings.NOTICE_PRIVATE_ADDRESSES = True
    page.post(NOTICES, CHAT | {"kind": ChannelKind.WEBHOOK, "target": "http://127.0.0.1:9/nobody"})
    answer = page.post(reverse("clips:notice_trial", args=[NoticeChannel.objects.get().pk]), follow=True)
    assert "Not delivered, as far as known." in answer.content.decode()


@pytest.mark.slow
def test_more_channels_cost_no_more_queries(page):
    page.post(NOTICES, CHAT)
    few = n_queries(page, NOTICES)
    for number in range(9):
        page.post(NOTICES, CHAT | {"name": f"Chat {number}"})
    assert n_queries(page, NOTICES) == few


def test_earlier_checks_are_listed_below_the_last(page):
    for n_wrong in (2, 0, 0):
        AuditReport.objects.create(state=AuditState.DONE, n_wrong=n_wrong)
    answer = page.get(reverse("clips:audit"))
    assert [report.n_wrong for report in answer.context["earlier"]] == [0, 2]
    assert "2 problems" in answer.content.decode()

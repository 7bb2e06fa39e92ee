"""Tests channels: only admins set them up; their addresses are sealed, never shown, and tested by a button."""

import pytest
from django.urls import reverse

from clips.models import ChannelKind, NoticeChannel

pytestmark = pytest.mark.django_db

ADD = "admin:clips_noticechannel_add"
SECRET = "https://discord.com/api/webhooks/1/planted-secret"


def add(client, **fields):
    asked = {"name": "Crew", "kind": "DISCORD", "target": SECRET, "secret": "", "wants": ["READY"], "is_on": "on"}
    return client.post(reverse(ADD), asked | fields)


def test_an_address_is_kept_sealed_and_never_shown_again(client, admin):
    client.force_login(admin)
    assert add(client).status_code == 302
    channel = NoticeChannel.objects.get()
    assert channel.target == SECRET
    assert "planted" not in channel.sealed_target
    for page in ("change", "changelist"):
        address = reverse(f"admin:clips_noticechannel_{page}", args=[channel.pk] if page == "change" else [])
        text = client.get(address).content.decode()
        assert "discord.com/…" in text
        assert "planted" not in text


def test_an_empty_address_keeps_what_is_there(client, admin):
    client.force_login(admin)
    add(client)
    channel = NoticeChannel.objects.get()
    change = reverse("admin:clips_noticechannel_change", args=[channel.pk])
    client.post(change, {"name": "Riders", "kind": "DISCORD", "target": "", "secret": "", "wants": ["DAILY"]})
    channel.refresh_from_db()
    assert (channel.name, channel.wants, channel.is_on, channel.target) == ("Riders", ["DAILY"], False, SECRET)


@pytest.mark.parametrize(
    "fields", [{"target": ""}, {"target": "http://example.org/x"}, {"target": "https://u:p@example.org"},
               {"kind": "EMAIL", "target": "mia@example.org, nobody"}],
)  # fmt: skip
def test_an_address_that_cannot_be_right_gets_a_sentence(client, admin, fields):
    client.force_login(admin)
    answer = add(client, **fields)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not NoticeChannel.objects.exists()


def test_curators_do_not_see_channels_or_notices(client, curator):
    client.force_login(curator)
    for name in ("noticechannel", "notice"):
        assert client.get(reverse(f"admin:clips_{name}_changelist")).status_code == 403
    assert add(client).status_code == 403


def test_a_trial_says_what_came_back(client, admin, webhook, make_channel):
    client.force_login(admin)
    channel = make_channel(ChannelKind.DISCORD, webhook.url)
    trial = reverse("admin:clips_noticechannel_trial", args=[channel.pk])
    assert "Delivered." in client.post(trial, follow=True).content.decode()
    assert b"Test notice" in webhook.received[0].body
    webhook.answers = [(404, {})]
    assert "The answer was 404" in client.post(trial, follow=True).content.decode()
    assert client.get(trial).status_code == 405


def test_a_curator_cannot_send_a_trial(client, curator, webhook, make_channel):
    client.force_login(curator)
    channel = make_channel(ChannelKind.DISCORD, webhook.url)
    assert client.post(reverse("admin:clips_noticechannel_trial", args=[channel.pk])).status_code == 403
    assert webhook.received == []

"""Tests settings that admins change in the site: what counts, who may, and two who change the same."""

import datetime as dt
import time

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from people.models import Action, AuditEntry, Invite, Role, SiteSetting
from people.site_settings import snapshot
from people.site_settings.changing import Change, ChangedMeanwhileError, apply
from people.site_settings.registry import (
    BIN_DAYS,
    DISK_FLOOR_BYTES,
    EMAIL_URL,
    INVITE_DAYS,
    REGISTRY,
    SECOND_FACTOR_FOR_STAFF,
    SITE_URL,
    TIME_ZONE,
    Section,
    of_section,
)

pytestmark = pytest.mark.django_db
MAIL = "smtp+tls://clips:hush-hush@mail.example.org:587"


@pytest.fixture
def client(client, admin):
    client.force_login(admin)
    return client


def save(client, setting, text: str, *, seen: str | None = None, was: str | None = None):
    """Send a section's form as the page draws it, with one box changed."""
    form = {}
    rows = {row.key: row for row in SiteSetting.objects.all()}
    for each in of_section(setting.section):
        shown = "" if each.is_secret else each.kind.text(each.value())
        stored = rows.get(each.name)
        form |= {each.name: shown, f"{each.name}-was": shown, f"{each.name}-seen": stored.version if stored else ""}
    form |= {setting.name: text}
    form |= {f"{setting.name}-seen": seen} if seen is not None else {}
    form |= {f"{setting.name}-was": was} if was is not None else {}
    return client.post(reverse("people:settings_save", args=[setting.section.value]), form)


def reset(client, setting, seen: str):
    return client.post(reverse("people:setting_reset"), {"setting": f"{setting.name} {seen}"})


def test_every_setting_has_the_default_of_the_settings_file():
    for setting in REGISTRY.values():
        if setting.name not in django_settings.SET_IN_ENVIRONMENT:
            told = getattr(django_settings, setting.name, setting.default)
            assert (told, type(told)) == (setting.default, type(setting.default)), setting.name


def test_every_default_can_be_kept_and_read_again():
    for setting in REGISTRY.values():
        assert setting.read(setting.kept(setting.default)) == setting.default, setting.name


def test_a_saved_value_counts_at_once(client):
    assert BIN_DAYS.value() == 30
    answer = save(client, BIN_DAYS, "60")
    assert (answer.status_code, answer.url) == (302, "/manage/settings#space")
    assert BIN_DAYS.value() == 60
    row = SiteSetting.objects.get()
    assert (row.key, row.value, row.changed_by.username) == ("BIN_DAYS", "60", "ada")


def test_only_the_changed_box_is_saved(client):
    save(client, BIN_DAYS, "60")
    assert list(SiteSetting.objects.values_list("key", flat=True)) == ["BIN_DAYS"]


def test_the_environment_counts_for_more_and_the_page_says_so(client, settings):
    save(client, BIN_DAYS, "60")
    settings.BIN_DAYS = 14
    assert BIN_DAYS.value() == 14
    page = client.get(reverse("people:settings")).content.decode()
    assert "Set in the environment:" in page
    assert 'name="BIN_DAYS"' not in page
    save(client, BIN_DAYS, "90")
    assert SiteSetting.objects.get().value == "60"


def test_a_variable_with_the_defaults_value_counts_for_more_too(client, settings):
    save(client, BIN_DAYS, "60")
    settings.SET_IN_ENVIRONMENT = frozenset({"BIN_DAYS"})
    assert BIN_DAYS.value() == 30


def test_back_to_default(client):
    save(client, BIN_DAYS, "60")
    page = client.get(reverse("people:settings")).content.decode()
    assert "Set here by ada" in page
    assert reset(client, BIN_DAYS, SiteSetting.objects.get().version).status_code == 302
    assert BIN_DAYS.value() == 30
    assert not SiteSetting.objects.exists()


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(client):
    save(client, BIN_DAYS, "60")
    answer = save(client, BIN_DAYS, "90", seen="")
    assert answer.status_code == 409
    assert "ada changed this at" in answer.content.decode()
    assert 'value="60"' in answer.content.decode()
    assert BIN_DAYS.value() == 60


def test_a_box_that_was_left_alone_does_not_bring_an_old_value_back(client):
    save(client, BIN_DAYS, "60")
    save(client, DISK_FLOOR_BYTES, "10 GB")
    old_page = {"BIN_DAYS": "30", "BIN_DAYS-was": "30", "BIN_DAYS-seen": ""}
    old_page |= {"CANDIDATES_MAX_BYTES": "16 GB", "CANDIDATES_MAX_BYTES-was": "8 GB", "CANDIDATES_MAX_BYTES-seen": ""}
    assert client.post(reverse("people:settings_save", args=["space"]), old_page).status_code == 302
    assert (BIN_DAYS.value(), DISK_FLOOR_BYTES.value()) == (60, 10 * 1024**3)
    assert REGISTRY["CANDIDATES_MAX_BYTES"].value() == 16 * 1024**3


def test_a_reset_of_what_changed_meanwhile_is_refused(client):
    save(client, BIN_DAYS, "60")
    seen = SiteSetting.objects.get().version
    save(client, BIN_DAYS, "90")
    assert reset(client, BIN_DAYS, seen).status_code == 409
    assert BIN_DAYS.value() == 90


def test_one_lost_race_saves_nothing_of_the_section(admin):
    apply([Change(BIN_DAYS, 60, "")], admin)
    with pytest.raises(ChangedMeanwhileError):
        apply([Change(DISK_FLOOR_BYTES, 1024**3, ""), Change(BIN_DAYS, 90, "")], admin)
    assert (BIN_DAYS.value(), DISK_FLOOR_BYTES.value()) == (60, 5 * 1024**3)
    assert AuditEntry.objects.filter(action=Action.SETTING_CHANGED).count() == 1


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("BIN_DAYS", "0", "Enter a whole number from 1 to 3650."),
        ("BIN_DAYS", "soon", "Enter a whole number from 1 to 3650."),
        ("BIN_DAYS", "٣", "Enter a whole number from 1 to 3650."),
        ("NOTICE_HOUR", "24", "Enter a whole number from 0 to 23."),
        ("DISK_FLOOR_BYTES", "much", "Enter a size such as “5 GB” or “500 MB”."),
        ("DISK_FLOOR_BYTES", "0", "Enter a size above 0."),
        ("TIME_ZONE", "Vienna", "“Vienna” is not a time zone. Example: Europe/Vienna."),
        ("TIME_ZONE", "", "“” is not a time zone. Example: Europe/Vienna."),
        ("SITE_URL", "clips", "Enter an address such as https://clips.example.org."),
        ("SITE_URL", "javascript:alert(1)", "Enter an address such as https://clips.example.org."),
        ("EMAIL_FROM", "clips", "Enter an e-mail address such as clips@example.org."),
        ("EMAIL_URL", "mail.example.org", "Enter an address such as smtp+tls://user:password@mail.example.org:587."),
        ("EMAIL_URL", "file:///etc", "Enter an address such as smtp+tls://user:password@mail.example.org:587."),
        ("ARCHIVE_BACKEND", "tape", "Choose one of the options."),
        ("SECOND_FACTOR_FOR_STAFF", "maybe", "Choose on or off."),
        ("DRIVE_FOLDER_ID", "my folder", "Paste the address of the folder as your browser shows it."),
        ("SITE_URL", "https://clips.example.org/\x00", "Use one line of at most 300 characters."),
    ],
)
def test_each_wrong_value_is_refused_with_one_sentence(client, name, text, says):
    with pytest.raises(ValidationError) as caught:
        REGISTRY[name].kind.parse(text)
    assert caught.value.messages == [says]
    answer = save(client, REGISTRY[name], text, was="something else")
    assert answer.status_code == 422
    assert not SiteSetting.objects.exists()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DISK_FLOOR_BYTES", "1,5 gb", 1536 * 1024**2),
        ("DISK_FLOOR_BYTES", "500 MiB", 500 * 1024**2),
        ("DISK_FLOOR_BYTES", "5368709121", 5 * 1024**3 + 1),
        ("UPLOAD_QUOTA_BYTES", "0", 0),
        ("SITE_URL", " https://clips.example.org/ ", "https://clips.example.org"),
        ("SITE_URL", "", ""),
        ("DRIVE_FOLDER_ID", "https://drive.google.com/drive/u/0/folders/1AbC_def-ghi?usp=sharing", "1AbC_def-ghi"),
        ("DRIVE_FOLDER_ID", "1AbC_def-ghi", "1AbC_def-ghi"),
    ],
)
def test_values_as_people_type_them(name, text, value):
    setting = REGISTRY[name]
    assert setting.kind.parse(text) == value
    assert setting.read(setting.kept(value)) == value


def test_what_is_wrong_stays_in_its_box(client):
    text = save(client, TIME_ZONE, "Vienna").content.decode()
    assert 'value="Vienna"' in text
    assert "1 setting needs a look" in text


def test_a_change_is_in_the_trail(client):
    save(client, BIN_DAYS, "60")
    entry = AuditEntry.objects.get(action=Action.SETTING_CHANGED)
    assert (entry.actor_name, entry.target_name) == ("ada", "BIN_DAYS")
    assert entry.details == {"before": "30 days", "after": "60 days"}
    reset(client, BIN_DAYS, SiteSetting.objects.get().version)
    assert AuditEntry.objects.get(action=Action.SETTING_RESET).details == {"before": "60 days", "after": "30 days"}


def test_a_secret_is_sealed_and_shown_nowhere(client):
    save(client, EMAIL_URL, MAIL)
    assert EMAIL_URL.value() == MAIL
    assert "hush" not in SiteSetting.objects.get().value
    assert "hush" not in str([vars(entry) for entry in AuditEntry.objects.all()])
    page = client.get(reverse("people:settings")).content.decode()
    assert "hush" not in page
    assert "Set. Type a new one" in page


def test_an_empty_box_leaves_a_secret_as_it_is(client):
    save(client, EMAIL_URL, MAIL)
    save(client, EMAIL_URL, "")
    assert EMAIL_URL.value() == MAIL


def test_another_secret_key_opens_no_secret_and_the_page_says_so(client, settings, admin):
    save(client, EMAIL_URL, MAIL)
    settings.SECRET_KEY = "another" * 8
    client.force_login(admin)
    assert EMAIL_URL.value() == ""
    assert "SECRET_KEY has changed" in client.get(reverse("people:settings")).content.decode()


def test_only_admins_change_settings(client, curator):
    client.force_login(curator)
    assert client.get(reverse("people:settings")).status_code == 403
    assert save(client, BIN_DAYS, "60").status_code == 403
    assert not SiteSetting.objects.exists()


def test_a_section_or_setting_that_is_not_there_is_not_found(client):
    assert client.post(reverse("people:settings_save", args=["attic"])).status_code == 404
    assert client.post(reverse("people:settings_save", args=[Section.DRIVE.value])).status_code == 404
    assert client.post(reverse("people:setting_reset"), {"setting": "DEBUG"}).status_code == 404


@pytest.mark.slow
def test_the_page_costs_as_much_with_all_settings_changed(client, admin):
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("people:settings")).status_code == 200
        return len(queries)

    n_queries()
    few = n_queries()
    apply([Change(setting, setting.default, "") for setting in REGISTRY.values()], admin)
    n_queries()  # the first one after a change reads the snapshot
    assert n_queries() == few


# --- what a change does ----------------------------------------------------------------------------------------------


def test_invite_links_end_as_set(client, admin):
    save(client, INVITE_DAYS, "2")
    invite, _secret = Invite.objects.issue(role=Role.SORTER, created_by=admin)
    assert dt.timedelta(days=1, hours=23) < invite.expires_at - timezone.now() <= dt.timedelta(days=2)


def test_pages_are_in_the_time_zone_that_was_set(client):
    save(client, TIME_ZONE, "Asia/Tokyo")
    SiteSetting.objects.update(changed_at=dt.datetime(2024, 12, 1, 20, 30, tzinfo=dt.UTC))
    assert "2024-12-02 05:30" in client.get(reverse("people:settings")).content.decode()
    assert timezone.get_current_timezone_name() == "UTC", "left for the next request of this thread"


def test_a_second_factor_is_asked_for_from_then_on(client):
    save(client, SECOND_FACTOR_FOR_STAFF, "1")
    answer = client.get(reverse("people:settings"))
    assert (answer.status_code, answer.url) == (302, reverse("people:second_factor"))


# --- the snapshot ----------------------------------------------------------------------------------------------------


def test_readers_share_one_query_for_some_seconds(monkeypatch):
    snapshot.forget()
    with CaptureQueriesContext(connection) as queries:
        assert [setting.value() for setting in REGISTRY.values()] == [one.default for one in REGISTRY.values()]
    assert len(queries) == 1


def test_another_process_sees_a_change_within_seconds(admin, monkeypatch):
    snapshot.forget()
    assert SITE_URL.value() == ""
    SiteSetting.objects.change("SITE_URL", "https://clips.example.org", seen=None, by=admin)  # as another one would
    assert SITE_URL.value() == ""
    now = time.monotonic
    monkeypatch.setattr(snapshot.time, "monotonic", lambda: now() + snapshot.REFRESH_S)
    assert SITE_URL.value() == "https://clips.example.org"


def test_a_value_that_no_release_knows_is_passed_over(admin):
    SiteSetting.objects.change("BIN_DAYS", "for ever", seen=None, by=admin)
    SiteSetting.objects.change("OF_A_LATER_RELEASE", "1", seen=None, by=admin)
    snapshot.forget()
    assert BIN_DAYS.value() == 30


def test_without_an_answer_the_last_known_values_count(admin, monkeypatch):
    apply([Change(BIN_DAYS, 60, "")], admin)
    assert BIN_DAYS.value() == 60
    snapshot.forget()
    with connection.execute_wrapper(_no_answer):
        assert BIN_DAYS.value() == 60


def _no_answer(*_: object) -> None:
    from django.db import OperationalError

    raise OperationalError("the server closed the connection unexpectedly")

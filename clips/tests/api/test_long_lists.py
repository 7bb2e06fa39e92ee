"""Tests the limits on input sizes: long lists of ids, texts and forms are refused early."""

import importlib
import pkgutil
import uuid

import pytest
from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework import serializers

import clips
import people
import tricks
from people.models import Person

pytestmark = pytest.mark.django_db


LISTS = (serializers.ListField, serializers.ListSerializer, serializers.ManyRelatedField)
#: What is only ever answered, and not read.
ANSWERS = ("HandSerializer", "ClipSerializer", "SentenceSerializer", "SegmentSerializer", "JobSerializer")


def classes_of(kind: type) -> list[type]:
    """Return all forms, or all serializers, of this site."""
    for app in (clips, people, tricks):
        for found in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if not {"tests", "migrations", "management", "__main__"} & set(found.name.split(".")):
                importlib.import_module(found.name)
    left, known = [kind], set()
    while left:
        below = {one for one in left.pop().__subclasses__() if one not in known}
        known |= below
        left += below
    return sorted((one for one in known if one.__module__.split(".")[0] in {"clips", "people", "tricks"}), key=str)


def test_every_list_and_text_that_the_api_takes_is_bounded():
    taken = [one for one in classes_of(serializers.Serializer) if one.__name__ not in ANSWERS]
    assert len(taken) >= 10
    unbounded = []
    for serializer in taken:
        for name, field in serializer().get_fields().items():
            is_list = isinstance(
                field, serializers.ListField | serializers.ListSerializer | serializers.ManyRelatedField
            )
            is_text = isinstance(field, serializers.CharField) and not isinstance(field, serializers.UUIDField)
            if not field.read_only and (is_list or is_text) and not getattr(field, "max_length", None):
                unbounded.append(f"{serializer.__name__}.{name}")
    assert unbounded == []


def test_every_list_and_text_of_a_form_is_bounded():
    unbounded = []
    for form in classes_of(forms.BaseForm):
        at_its_start = {"username"} if issubclass(form, AuthenticationForm) else set()  # Django sets that bound then
        for name, field in getattr(form, "base_fields", {}).items():
            if name in at_its_start:
                continue
            is_text = isinstance(field, forms.CharField) and not isinstance(field, forms.UUIDField)
            is_password = isinstance(field.widget, forms.PasswordInput)  # hashed as a whole, however long
            if is_text and not is_password and not field.max_length:
                unbounded.append(f"{form.__module__}.{form.__name__}.{name}")
            # Of rows anybody may choose many; of a few words that the code names, no more than there are.
            if isinstance(field, forms.ModelMultipleChoiceField):
                unbounded.append(f"{form.__name__}.{name}")
    assert unbounded == []


@pytest.mark.slow
def test_no_form_takes_ten_thousand_fields(admin, segments):
    """Also holds for the admin's lists: Django stops reading before any lookup."""
    client = Client()
    client.force_login(admin)
    many = {"also": [str(uuid.uuid4()) for _number in range(10_000)]}
    for path in (reverse("admin:clips_finalclip_changelist"), reverse("clips:sort_keep")):
        assert client.post(path, many).status_code == 400
        assert client.get(reverse("clips:library"), many).status_code == 400


@pytest.mark.parametrize("n", [13, 10_000])
def test_more_people_than_a_clip_may_have_are_looked_for_by_no_query(sorter, segments, n):
    client = Client()
    client.force_login(sorter)
    lease = client.post(reverse("api:sort_next"), {}, "application/json").json()
    sent = {
        "segment": lease["segments"][0]["id"], "lease": lease["lease"], "key": str(uuid.uuid4()),
        "start_ms": 0, "end_ms": 4_000, "also": [str(uuid.uuid4()) for _number in range(n)],
    }  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        answer = client.post(reverse("api:sort_save"), sent, "application/json")
    assert answer.status_code == 422
    assert "at most 12" in answer.json()["detail"]
    assert not [q["sql"] for q in asked if "people_person" in q["sql"]]


def test_people_of_a_save_are_found_by_one_query(sorter, segments):
    client = Client()
    client.force_login(sorter)
    lease = client.post(reverse("api:sort_next"), {}, "application/json").json()
    others = [Person.objects.add(f"Rider {number}") for number in range(12)]
    sent = {
        "segment": lease["segments"][0]["id"], "lease": lease["lease"], "key": str(uuid.uuid4()),
        "start_ms": 0, "end_ms": 4_000, "also": [str(person.pk) for person in others],
    }  # fmt: skip
    answer = client.post(reverse("api:sort_save"), sent, "application/json")
    assert answer.status_code in {200, 201}, answer.json()
    assert {person.display_name for person in others} == set(answer.json()["also"])
    unknown = client.post(reverse("api:sort_save"), sent | {"also": [str(uuid.uuid4())]}, "application/json")
    assert (unknown.status_code, "no person" in unknown.json()["detail"]) == (422, True)

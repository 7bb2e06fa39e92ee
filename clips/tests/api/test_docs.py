"""Tests the API's documentation: all that the OpenAPI description has stands on a page of the site, and is true."""

import re
import shlex
from dataclasses import dataclass, field
from html import unescape

import pytest
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from clips.api.reference import reference
from people.models import ApiToken, Scope

EXAMPLE = re.compile(r'<pre class="api-example"><code>(.*?)</code></pre>', re.DOTALL)
#: An id that is made up is nobody's.
NOT_THERE = re.compile(
    r"no such|no person|does not exist|nothing to undo|held|lease|the given query|any more|nothing would",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def described() -> dict:
    return SchemaGenerator().get_schema(public=True)


@dataclass
class Example:
    """A command that the page shows, as a shell reads it."""

    method: str = "GET"
    address: str = ""
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, command: str) -> "Example":
        made, words = cls(), iter(shlex.split(command.replace("\\\n", " "))[1:])
        for word in words:
            if word == "-X":
                made.method = next(words)
            elif word == "-H":
                name, value = next(words).split(": ")
                made.headers[name] = value
            elif word == "-d":
                made.body = next(words)
            else:
                made.address = word
        return made


def examples(page: str) -> list[Example]:
    return [Example.of(unescape(found)) for found in EXAMPLE.findall(page)]


@pytest.mark.slow
def test_every_call_with_its_fields_stands_on_the_page(client, viewer, described):
    client.force_login(viewer)
    page = client.get(reverse("api:docs")).content.decode()
    n_calls = 0
    for path, methods in described["paths"].items():
        for method, said in methods.items():
            n_calls += 1
            start = page.index(f'<details class="api-call" id="{said["operationId"]}">')
            call = page[start : page.index("</details>", start)]
            assert f"<code>{path}</code>" in call
            assert f'data-method="{method.upper()}"' in call
            assert said["description"], f"{method} {path} says nothing"
            for parameter in said.get("parameters", ()):
                assert f"<code>{parameter['name']}</code>" in call, (path, parameter["name"])
            for status in said["responses"]:
                assert f"<code>{status}</code>" in call, (path, status)
    assert len(examples(page)) == n_calls


def test_links_within_the_page_lead_to_what_is_on_it(client, viewer):
    client.force_login(viewer)
    page = client.get(reverse("api:docs")).content.decode()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert {"object-Clip", "object-Person", "object-Sentence"} <= set(ids)


def test_a_body_shows_what_must_be_sent_and_which_values_there_are():
    calls = {(call.method, call.path): call for calls in reference().groups.values() for call in calls}
    fields = {one.name: one for one in calls["POST", "/api/sort/save"].body}
    assert {name for name, one in fields.items() if one.is_required} == {
        "segment", "lease", "key", "start_ms", "end_ms",
    }  # fmt: skip
    assert fields["category"].value.choices == ("TRICK", "BROLL", "CRASH")
    assert (fields["also"].value.kind, fields["also"].value.is_list) == ("uuid", True)
    assert fields["trick"].value.may_be_null
    new_person = {one.name for one in calls["POST", "/api/people"].body}
    assert new_person == {"display_name"}, "what only the server writes is not asked for"
    (listed, *_refusals) = calls["GET", "/api/clips"].answers
    assert (listed.value.kind, listed.value.is_list, listed.value.is_paged) == ("Clip", True, True)


def test_the_page_speaks_german_and_names_fields_as_programs_do(client, viewer):
    client.force_login(viewer)
    page = client.get(reverse("api:docs"), headers={"Accept-Language": "de"}).content.decode()
    assert '<html lang="de"' in page
    assert "Beispiel" in page
    assert "<code>display_name</code>" in page
    assert client.get("/api/clips?date=x", headers={"Accept-Language": "de"})["Content-Language"] == "en"


def test_whoever_is_not_logged_in_is_sent_to_the_login_page(client, db):
    answer = client.get(reverse("api:docs"))
    assert answer["Location"] == "/login?next=/api/docs"


@pytest.mark.slow
def test_every_example_is_a_call_that_the_api_understands(client, curator):
    """Sent as they are shown; what they say of rows that do not exist may be refused for that, and for nothing else."""
    client.force_login(curator)
    page = client.get(reverse("api:docs")).content.decode()
    client.logout()
    _token, secret = ApiToken.objects.issue(curator, "script", Scope.ADMIN)
    wrong = []
    for sent in examples(page):
        headers = {name: value.replace("$TOKEN", secret) for name, value in sent.headers.items()}
        kind = headers.pop("Content-Type", "application/json")
        address = sent.address.removeprefix("http://testserver")
        answer = client.generic(sent.method, address, sent.body, content_type=kind, headers=headers)
        if answer.status_code < 400:
            continue
        if answer.status_code not in {404, 409, 422} or not NOT_THERE.search(answer.json()["detail"]):
            wrong.append((sent.method, address, answer.status_code, answer.json()))
    assert wrong == []

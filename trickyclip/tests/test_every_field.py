"""Tests every route with unexpected values in each of its fields: never a server error."""

import functools
import uuid
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.http import QueryDict
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from people.models import Role
from trickyclip.tests.test_access import ROUTES, argument, sessions, use  # noqa: F401  fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NASTY = (
    ["\x00", "a\x00b", "\ud800", "\udcff\ufffe", "\u202egpj.exe", "9" * 30, "-1", "9223372036854775808", "1e400", "NaN",
     "a" * 20_000, "'\"<%", "%s%n", "2024-02-30", "99999-01-01", "[]", "not-a-uuid", str(uuid.UUID(int=0)),
     " ".join(str(uuid.UUID(int=n)) for n in range(2_000)), "٣", "0" * 40 + ":" + "9" * 40]
)  # fmt: skip


#: Each field gets one value alone, its neighbour the next one; all are tried in all fields at once. ``--soak`` tries
#: each alone in each.
IN_TURN = len(NASTY)


@pytest.fixture(autouse=True)
def each_value_of_a_long_run(request, monkeypatch) -> None:
    if request.config.getoption("--soak"):
        monkeypatch.setitem(globals(), "IN_TURN", 1)


def tries(fields: list[str]) -> Iterator[tuple[list[str], str]]:
    """Yield which fields get which value: all of them at once, and each of them alone."""
    for number, nasty in enumerate(NASTY):
        yield from (([field], nasty) for place, field in enumerate(fields) if (number + place) % IN_TURN == 0)
        yield fields, nasty


@pytest.fixture
def asked_for(monkeypatch) -> set[str]:
    """Return the names of all fields that a view reads from a query or a form."""
    names: set[str] = set()
    for looked in ("__getitem__", "getlist", "__contains__"):
        really = getattr(QueryDict, looked)

        def noting(self: QueryDict, name: str, *arguments: object, really=really) -> object:
            names.add(name)
            return really(self, name, *arguments)

        monkeypatch.setattr(QueryDict, looked, noting)
    return names


def encoded(fields: dict[str, str]) -> bytes:
    """Encode a form as a program may send it: half a surrogate pair as three bytes that are invalid UTF-8."""
    return "&".join(f"{name}={quoted(value)}" for name, value in fields.items()).encode()


@functools.cache
def quoted(value: str) -> str:
    """Quote a value once for all the fields that get it: some are long."""
    return quote(value.encode("utf-8", "surrogatepass"))


def ask(client: Client, method: str, path: str, fields: dict[str, str]) -> int:
    if method == "post":
        return client.generic("POST", path, encoded(fields), "application/x-www-form-urlencoded").status_code
    return client.generic(method.upper(), path, QUERY_STRING=encoded(fields).decode()).status_code


def faults(client: Client, method: str, path: str, asked_for: set[str]) -> Iterator[str]:
    """Ask a route with each value in each of its fields, and in all of them at once.

    One that reads no field is asked with one that nobody reads, as all such are answered by the same code.
    """
    asked_for.clear()
    ask(client, method, path, {})
    fields = sorted(asked_for)
    for names, nasty in tries(fields) if fields else [(["x"], NASTY[0])]:
        status = ask(client, method, path, dict.fromkeys(names, nasty))
        if status >= 500 and status != 507:
            yield f"{method} {path} {names} = {nasty[:30]!r}: {status}"


@pytest.fixture(scope="module")
def browser_of_all() -> Client:
    """One client for all tests: each new one makes all middleware anew."""
    return Client(raise_request_exception=False)


@pytest.fixture
def browser(db, browser_of_all, sessions) -> Client:  # noqa: F811
    use(browser_of_all, sessions[Role.ADMIN])
    return browser_of_all


@pytest.mark.parametrize("name", [name for name in ROUTES if name not in {"admin:index", "people:logout"}])
def test_no_value_of_a_field_breaks_a_page(browser, argument, asked_for, name):  # noqa: F811
    arguments, methods = ROUTES[name]
    path = reverse(name, args=[argument(kind) for kind in arguments])
    assert [fault for method in methods for fault in faults(browser, method, path, asked_for)] == []


#: Each value as a part of an address.
IN_ADDRESS = [quote(text.encode("utf-8", "surrogatepass"), safe="")[:9_000] for text in NASTY]


def is_route(path: str) -> bool:
    """Return whether any route takes this address; the others all get the same page."""
    try:
        resolve(unquote(path, errors="replace"))
    except Resolver404:
        return False
    return True


@pytest.mark.parametrize("name", [name for name, (arguments, _methods) in ROUTES.items() if arguments])
def test_no_address_breaks_a_page(browser, argument, name):  # noqa: F811
    arguments, methods = ROUTES[name]
    path = reverse(name, args=[argument(kind) for kind in arguments])
    real = str(argument(arguments[0]))
    for there in filter(is_route, (path.replace(real, nasty) for nasty in IN_ADDRESS)):
        for method in methods:
            status = browser.generic(method.upper(), there).status_code
            assert status < 500, (method, there[:90])


@pytest.mark.parametrize("nasty", IN_ADDRESS, ids=range(len(IN_ADDRESS)))
def test_no_address_that_no_route_takes_breaks_the_page_that_says_so(browser, nasty):
    for method in ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"):
        for there in (f"/clip/{nasty}", f"/{nasty}", f"/api/{nasty}"):
            assert browser.generic(method, there).status_code < 500, (method, there[:90])


MODELS = sorted(admin.site._registry, key=str)


def pages_in_turn(turn: int) -> tuple[str, ...]:
    """Return of the three pages of a row that look for it alike one, of a long run all."""
    pages = ("change", "delete", "history")
    return pages if IN_TURN == 1 else (pages[turn % 3],)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_value_breaks_the_admin(browser, asked_for, model, segments):
    info = (model._meta.app_label, model._meta.model_name)
    changelist = reverse("admin:{}_{}_changelist".format(*info))
    filters = [getattr(one, "parameter_name", None) or str(one) for one in admin.site._registry[model].list_filter]
    found = []
    asked = ["q", "p", "o", "all", "_to_field", "_popup", "id__exact", "pk", "id__in", "x", *filters]
    for names, nasty in tries(asked):
        status = ask(browser, "get", changelist, dict.fromkeys(names, nasty))
        found += [(names, nasty[:30], status)] if status >= 500 else []
    for number, nasty in enumerate(NASTY):
        chosen = {"action": "delete_selected", "_selected_action": nasty, "index": "0", "select_across": "0"}
        status = ask(browser, "post", changelist, chosen)
        found += [("_selected_action", nasty[:30], status)] if status >= 500 else []
        for page in pages_in_turn(number + MODELS.index(model)):
            status = browser.get(f"{changelist}{IN_ADDRESS[number]}/{page}/").status_code
            found += [(page, nasty[:30], status)] if status >= 500 else []
    assert found == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_value_breaks_what_the_admin_writes(browser, asked_for, model, segments):
    info = (model._meta.app_label, model._meta.model_name)
    pages = [reverse("admin:{}_{}_add".format(*info))]
    pages += [reverse("admin:{}_{}_change".format(*info), args=[row.pk]) for row in model._default_manager.all()[:1]]
    found = []
    for page in pages:
        shown = browser.get(page)
        if shown.status_code == 200 and "adminform" in (shown.context or {}):
            fields = list(shown.context["adminform"].form.fields)
            found += written(browser, page, fields)
    assert found == []


def written(client: Client, page: str, fields: list[str]) -> Iterator[str]:
    for names, nasty in tries(fields):
        status = ask(client, "post", page, dict.fromkeys(names, nasty))
        if status >= 500:
            yield f"{page} {names} = {nasty[:30]!r}: {status}"


@pytest.mark.parametrize("pk", ["1", "x", "%00", "9" * 30, str(uuid.UUID(int=1))])
def test_admin_leads_to_no_row_of_another_site(browser, db, pk):
    for content_type in ContentType.objects.all():
        assert browser.get(f"/admin/r/{content_type.pk}/{pk}/").status_code == 404


def test_admin_completes_no_name_with_a_fault(browser, asked_for):
    path = reverse("admin:autocomplete")
    assert list(faults(browser, "get", path, asked_for)) == []


@pytest.mark.parametrize("nasty", NASTY)
def test_no_metadata_breaks_an_upload(browser, nasty):
    import base64

    path = reverse("clips:tus_collection")
    value = base64.b64encode(nasty.encode("utf-8", "surrogatepass")).decode()
    for key in ("filename", "session", "date", "x"):
        for metadata in (f"{key} {value}", f"{key}\x00 {value}", f"{nasty} {value}", f"{key} {nasty}"):
            headers = {"HTTP_TUS_RESUMABLE": "1.0.0", "HTTP_UPLOAD_LENGTH": "9", "HTTP_UPLOAD_METADATA": metadata}
            assert browser.post(path, **headers).status_code in {201, 400, 507}
    for header in ("HTTP_UPLOAD_LENGTH", "HTTP_UPLOAD_CHECKSUM", "CONTENT_LENGTH", "HTTP_UPLOAD_METADATA"):
        headers = {"HTTP_TUS_RESUMABLE": "1.0.0", "HTTP_UPLOAD_LENGTH": "9"} | {header: nasty}
        assert browser.generic("POST", path, b"", "application/offset+octet-stream", **headers).status_code < 500


@pytest.mark.parametrize("nasty", [*NASTY, ["\x00"], [None], {}, [["x"]], ["\ud800"], ["a" * 100_000], ["x"] * 501])
def test_no_fingerprint_breaks_the_question_for_known_files(browser, nasty):
    import json

    body = json.dumps({"fingerprints": nasty if isinstance(nasty, list | dict) else [nasty]})
    assert browser.post(reverse("clips:upload_known"), body, "application/json").status_code in {200, 422}

"""Tests every call of the API with valid and invalid fields, as every kind of client."""

import json
import uuid

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case

from clips.models import Job, JobKind, JobState, Upload
from people.access import SAFE_METHODS
from people.models import ApiToken, Role, Scope

pytestmark = pytest.mark.slow

#: Planted in rows that not everybody may see.
OTHERS_UPLOAD, OWN_UPLOAD, WORK, CLIP_NAME = "OTHERS-UPLOAD", "OWN-UPLOAD", "WHAT-WORK-SAYS", "Planted Rider"
#: Who asks, what they may at most, and what of it all they may come to see.
ASKING = {
    "nobody": (None, set()),
    "viewer": (Role.VIEWER, {CLIP_NAME}),
    "sorter": (Role.SORTER, {CLIP_NAME, WORK, OWN_UPLOAD}),
    "curator": (Role.CURATOR, {CLIP_NAME, WORK}),
    "admin": (Role.ADMIN, {CLIP_NAME, WORK}),
    "admin's token to read": (Role.VIEWER, {CLIP_NAME}),
    "admin's token to sort": (Role.SORTER, {CLIP_NAME, WORK}),
    "curator's token for all": (Role.CURATOR, {CLIP_NAME, WORK}),
    "revoked token": (None, set()),
}
#: What a fuzzer of shapes alone would seldom say.
NASTY = (
    ["\x00", "\ud800", "'; DROP TABLE people_member; --", "9" * 40, "-1", "1e400", "NaN", "%00", "../../etc/passwd",
     "\u202e", "null", "{}", "a" * 3000, "٣", "2024-02-30", "0001-01-01", "99999-01-01"]
)  # fmt: skip


def operations() -> list:
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
    return [found.ok() for found in schema.get_all_operations()]


@pytest.fixture
def clients(viewer, sorter, curator, admin, other_sorter, shoot, original) -> dict[str, Client]:
    """Clients for all of ASKING, over rows with hostile values."""
    from people.models import Person

    Person.objects.add(CLIP_NAME)
    for name, owner in ((OTHERS_UPLOAD, other_sorter), (OWN_UPLOAD, sorter)):
        Upload.objects.create(owner=owner, shoot=shoot, original_filename=name, size_bytes=9)
    Job.objects.for_target(JobKind.DETECT, original)
    Job.objects.update(state=JobState.FAILED, reason=WORK)
    made = {"nobody": Client()}
    for member, name in ((viewer, "viewer"), (sorter, "sorter"), (curator, "curator"), (admin, "admin")):
        made[name] = Client()
        made[name].force_login(member)
    secrets = {
        "admin's token to read": ApiToken.objects.issue(admin, "r", Scope.READ)[1],
        "admin's token to sort": ApiToken.objects.issue(admin, "s", Scope.SORT)[1],
        "curator's token for all": ApiToken.objects.issue(curator, "a", Scope.ADMIN)[1],
        "revoked token": "tc_revoked",
    }
    made |= {name: Client(headers={"Authorization": f"Bearer {secret}"}) for name, secret in secrets.items()}
    for client in made.values():
        client.raise_request_exception = False
    assert made.keys() == ASKING.keys()
    return made


def call(client: Client, method: str, path: str, query: dict, body: object) -> tuple[int, str]:
    """Return status and text of an answer; what the call changed is undone."""
    with transaction.atomic():
        answer = client.generic(
            method, path, data=body_bytes(body), content_type="application/json", query_params=query
        )
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, text.decode()


def body_bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return b"" if body is None or type(body).__name__ == "NotSet" else json.dumps(body).encode("utf-8", "surrogatepass")


def least_role(method: str, path: str) -> Role:
    read, write = resolve(path).func.access
    return read if method in SAFE_METHODS else write


def check(clients: dict[str, Client], method: str, path: str, query: dict, body: object) -> None:
    """Let every client make one call: none breaks the server, or gets what it may not see."""
    for who, client in clients.items():
        at_most, may_see = ASKING[who]
        status, text = call(client, method, path, query, body)
        said = f"{who}: {method} {path} {query} {body!r} → {status} {text[:200]}"
        assert status < 500 or status == 507, said
        if at_most is None:
            assert status in {401, 429}, said
        elif not at_most.includes(least_role(method, path)):
            assert status == 403, said
        else:
            assert status not in {401, 403}, said
        planted = {word for word in (OTHERS_UPLOAD, OWN_UPLOAD, WORK, CLIP_NAME) if word in text}
        assert planted <= may_see, said


BOUNDED = settings(
    max_examples=2,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_no_call_breaks_the_server_or_shows_what_is_not_for_one(clients, operation):
    @BOUNDED
    @given(case=operation.as_strategy())
    def calls(case: Case) -> None:
        check(clients, case.method.upper(), case.formatted_path, dict(case.query or {}), case.body)

    calls()


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_no_value_breaks_the_server(clients, operation):
    """Tests each field of each call with every unexpected value."""
    path = operation.path.replace("{id}", str(uuid.uuid4()))
    method = operation.method.upper()
    for nasty in NASTY:
        sent = nasty.replace("\ud800", "\ufffd")  # an address cannot hold half a character
        for parameter in operation.query:
            status, text = call(clients["admin"], method, path, {parameter.name: sent}, None)
            assert status < 500, f"{path}?{parameter.name}={nasty!r}: {text[:200]}"
        for body in operation.body:
            fields = body.optimized_schema.get("properties", {})
            for field in fields or {"x": {}}:
                others = {name: str(uuid.uuid4()) for name in fields}
                status, text = call(clients["admin"], method, path, {}, others | {field: nasty})
                assert status < 500, f"{path} {field}={nasty!r}: {text[:200]}"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"x"', b"1e999", b"[" * 20_000])
def test_no_body_breaks_the_server(clients, body):
    for operation in operations():
        if operation.method.upper() == "POST":
            path = operation.path.replace("{id}", str(uuid.uuid4()))
            status, text = call(clients["admin"], "POST", path, {}, body)
            assert status < 500, f"{path}: {text[:200]}"

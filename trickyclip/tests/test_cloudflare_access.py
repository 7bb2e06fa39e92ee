"""Tests tokens of Cloudflare Access against a local key server with the same interface."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from jwt.algorithms import RSAAlgorithm

from trickyclip.http import cloudflare_access

AUDIENCE = "a" * 64


class KeyServer:
    """Access's side: signs tokens, publishes its keys, changes them."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.n_asked = 0
        self.is_up = True

    def new_key(self, name: str) -> None:
        self.keys[name] = rsa.generate_private_key(65537, 2048)

    def certs(self) -> bytes:
        public = [
            RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": name} for name, key in self.keys.items()
        ]
        return json.dumps({"keys": [key | {"alg": "RS256", "use": "sig"} for key in public]}).encode()

    def token(self, name: str = "first", *, key: rsa.RSAPrivateKey | None = None, **other: object) -> str:
        now = int(time.time())
        says = {"aud": [AUDIENCE], "iss": self.url, "iat": now, "exp": now + 300, "email": "mia@example.org"} | other
        says = {name: value for name, value in says.items() if value is not None}
        return jwt.encode(says, key or self.keys[name], algorithm="RS256", headers={"kid": name})


@pytest.fixture(scope="module")
def server() -> Iterator[KeyServer]:
    access = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            access.n_asked += 1
            self.send_response(200 if access.is_up and self.path == "/cdn-cgi/access/certs" else 503)
            self.end_headers()
            self.wfile.write(access.certs())

        def log_message(self, *_args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    access.url = f"http://127.0.0.1:{http.server_port}"
    threading.Thread(target=http.serve_forever, daemon=True).start()
    access.new_key("first")
    access.first = access.keys["first"]
    yield access
    http.shutdown()


@pytest.fixture
def access(server, settings, db) -> KeyServer:
    settings.ACCESS_TEAM_URL, settings.ACCESS_AUDIENCE = server.url, AUDIENCE
    server.keys = {"first": server.first}
    server.n_asked, server.is_up = 0, True
    return server


def status(token: str | None, path: str = "/login", client: Client | None = None) -> int:
    headers = {cloudflare_access.HEADER: token} if token is not None else {}
    return (client or Client()).get(path, headers=headers).status_code


def test_token_of_access_opens_the_site_and_no_account(access):
    assert status(access.token()) == 200
    assert status(access.token(), "/clips") == 302


def test_token_may_come_as_a_cookie(access):
    assert status(None, client=Client(headers={"Cookie": f"{cloudflare_access.COOKIE}={access.token()}"})) == 200


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ("audience", {"aud": ["b" * 64]}),
        ("no audience", {"aud": None}),
        ("issuer", {"iss": "https://other.cloudflareaccess.com"}),
        ("no issuer", {"iss": None}),
        ("ended", {"exp": int(time.time()) - 60}),
        ("no end", {"exp": None}),
        ("not yet", {"nbf": int(time.time()) + 86_400}),
    ],
)
def test_token_that_is_not_for_here_and_now_is_refused(access, wrong, what):
    assert status(access.token(**what)) == 403


@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c", "é.é.é"])
def test_what_is_no_token_is_refused(access, token):
    assert status(token) == 403


def test_signature_counts(access):
    assert status(access.token(key=rsa.generate_private_key(65537, 2048))) == 403
    head, says, _signature = access.token().split(".")
    assert status(f"{head}.{says}.") == 403


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_way_of_signing_is_taken(access, algorithm):
    says = {"aud": AUDIENCE, "iss": access.url, "iat": int(time.time()), "exp": int(time.time()) + 60}
    secret = "guessed" if algorithm == "HS256" else None
    token = jwt.encode(says, secret, algorithm=algorithm, headers={"kid": "first"})
    assert status(token) == 403


def test_new_key_is_learnt_and_one_taken_back_is_forgotten(access, monkeypatch):
    client = Client()
    assert status(access.token(), client=client) == 200
    old = access.token()
    access.keys = {}
    access.new_key("second")
    monkeypatch.setattr(cloudflare_access, "NOT_AGAIN_S", 0)
    assert status(access.token("second"), client=client) == 200
    assert status(old, client=client) == 403


def test_invented_key_names_do_not_make_us_ask_again_and_again(access):
    client = Client()
    status(access.token(), client=client)
    for number in range(5):
        assert status(access.token(f"n{number}", key=access.keys["first"]), client=client) == 403
    assert access.n_asked == 1


def test_known_keys_stay_good_while_access_cannot_be_asked(access, monkeypatch):
    client = Client()
    assert status(access.token(), client=client) == 200
    access.is_up = False
    monkeypatch.setattr(cloudflare_access, "NOT_AGAIN_S", 0)
    monkeypatch.setattr(cloudflare_access, "KEYS_LAST_S", 0)
    assert status(access.token(), client=client) == 200


def test_programs_are_told_in_their_own_words(access):
    answer = Client().get(reverse("api:clip_list"))
    assert answer.status_code == 403
    assert "Cloudflare Access" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/s/no-such-secret", "/static/css/base.css"])
def test_probes_and_shared_links_need_none(access, path):
    assert status(None, path) != 403


def test_half_a_setting_is_told_at_the_start(settings):
    settings.ACCESS_TEAM_URL, settings.ACCESS_AUDIENCE = "https://crew.cloudflareaccess.com", ""
    with pytest.raises(ImproperlyConfigured, match="both"):
        cloudflare_access.CloudflareAccessMiddleware(lambda _request: None)

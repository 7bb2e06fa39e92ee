"""Tests whose headers about the client's address are believed."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from trickyclip.http.proxy import FORWARDED, ProxyMiddleware

CLIENT, FORGED, STRANGER = "203.0.113.7", "192.0.2.66", "198.51.100.9"
TUNNEL, NGINX = "127.0.0.1", "172.20.0.5"


def client_address(settings, peer: str, **headers: str) -> str:
    settings.TRUSTED_PROXIES = ["127.0.0.0/8", "::1", "172.20.0.0/16"]
    seen = []
    from django.test import RequestFactory

    request = RequestFactory(headers=headers, REMOTE_ADDR=peer).get("/")
    ProxyMiddleware(lambda asked: seen.append(asked) or HttpResponse())(request)
    return seen[0].META["REMOTE_ADDR"]


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        (STRANGER, {}, STRANGER),
        (STRANGER, {"X-Forwarded-For": FORGED, "CF-Connecting-IP": FORGED}, STRANGER),
        (TUNNEL, {}, TUNNEL),
        (TUNNEL, {"X-Forwarded-For": CLIENT}, CLIENT),
        (TUNNEL, {"X-Forwarded-For": f"{FORGED}, {CLIENT}"}, CLIENT),
        (TUNNEL, {"X-Forwarded-For": f"{FORGED}, {CLIENT}, {NGINX}"}, CLIENT),
        (TUNNEL, {"X-Forwarded-For": CLIENT, "CF-Connecting-IP": FORGED}, CLIENT),
        (TUNNEL, {"CF-Connecting-IP": CLIENT}, CLIENT),
        (TUNNEL, {"X-Forwarded-For": NGINX}, NGINX),
        (TUNNEL, {"X-Forwarded-For": "nonsense"}, TUNNEL),
        (TUNNEL, {"X-Forwarded-For": " , "}, TUNNEL),
        ("::1", {"X-Forwarded-For": "2001:db8::1"}, "2001:db8::1"),
        ("", {"X-Forwarded-For": CLIENT}, CLIENT),
        ("::ffff:127.0.0.1", {"X-Forwarded-For": CLIENT}, CLIENT),
        (TUNNEL, {"X-Forwarded-For": f"::ffff:{CLIENT}"}, CLIENT),
    ],
)
def test_client_address(settings, peer, headers, address):
    assert client_address(settings, peer, **headers) == address


def test_what_a_stranger_claims_is_gone(rf):
    claims = [*FORWARDED, "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PREFIX", "HTTP_CF_CONNECTING_IP"]
    request = rf.get("/", REMOTE_ADDR=STRANGER, **dict.fromkeys(claims, "claimed"))
    ProxyMiddleware(lambda _request: HttpResponse())(request)
    assert not set(claims) & set(request.META)


@pytest.fixture
def https(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.ALLOWED_HOSTS = ["clips.example.org"]


def test_https_is_believed_of_the_tunnel_alone(https):
    page = reverse("people:login")
    told = {"X-Forwarded-Proto": "https", "Host": "clips.example.org"}
    inside = Client(REMOTE_ADDR=TUNNEL, headers=told).get(page)
    assert inside.status_code == 200
    assert inside["Strict-Transport-Security"].startswith("max-age=31536000")
    outside = Client(REMOTE_ADDR=STRANGER, headers=told).get(page)
    assert (outside.status_code, outside["Location"]) == (301, "https://clips.example.org/login")


def test_redirects_behind_the_tunnel_stay_on_the_name_that_was_asked(https, admin):
    """They name no host, so neither the tunnel's own address nor a forwarded one can come out."""
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Host": "clips.example.org"}
    client = Client(REMOTE_ADDR=TUNNEL, headers=told)
    assert client.get("/clips")["Location"] == "/login?next=/clips"
    client.force_login(admin)
    assert client.post(reverse("people:logout"))["Location"] == "/login"


def test_link_that_is_shown_bears_the_public_name(https, admin):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Host": "clips.example.org"}
    client = Client(REMOTE_ADDR=TUNNEL, headers=told)
    client.force_login(admin)
    page = client.post(reverse("admin:people_invite_add"), {"role": "SORTER"}, follow=True)
    assert "https://clips.example.org/join/" in page.content.decode()


def test_another_host_name_is_refused(https):
    told = {"X-Forwarded-Proto": "https", "Host": "evil.example"}
    assert Client(REMOTE_ADDR=TUNNEL, headers=told).get("/login").status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/readyz", "/metrics"])
@pytest.mark.parametrize(
    "header",
    [
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
        "X-Forwarded-Server", "X-Forwarded-Prefix", "X-Forwarded", "X-Real-IP", "Via", "True-Client-IP",
        "Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Original-Forwarded-For", "Fastly-Client-IP",
        "Fly-Client-IP", "CF-Connecting-IP", "CF-Connecting-IPv6", "CF-Ray", "CF-Visitor", "CDN-Loop",
        "X-Envoy-External-Address", "X-Amzn-Trace-Id", "X-Azure-ClientIP",
    ],
)  # fmt: skip
def test_what_came_through_any_proxy_is_not_asked_on_the_machine_itself(page, header):
    assert Client(REMOTE_ADDR=TUNNEL).get(page).status_code in {200, 503}
    assert Client(REMOTE_ADDR=TUNNEL, headers={header: ""}).get(page).status_code == 401
    assert Client(REMOTE_ADDR=TUNNEL, headers={header: TUNNEL}).get(page).status_code == 401


@pytest.mark.django_db
def test_readyz_tells_a_neighbour_without_any_proxy_nothing():
    assert Client(REMOTE_ADDR=STRANGER).get("/readyz").status_code == 401

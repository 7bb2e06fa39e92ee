"""A web server and a mail server on this machine that misbehave as the test wants."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from clips.models import ChannelKind, Notice, NoticeChannel, NoticeKind
from clips.models.notice import PURPOSE
from people import sealed


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Webhook:
    """The requests that came, and the next answer: a status, with headers; None hangs up instead."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]] | None] = field(default_factory=list)

    def next_answer(self) -> tuple[int, dict[str, str]] | None:
        return self.answers.pop(0) if self.answers else (204, {})


@pytest.fixture
def webhook(settings) -> Iterator[Webhook]:
    settings.NOTICE_PRIVATE_ADDRESSES = True
    told = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answer = told.next_answer()
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers = answer
            self.send_response(status)
            for name, value in ({"Content-Length": "0"} | headers).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}/hook/planted-secret"
        yield told
        server.shutdown()
        thread.join()


@dataclass
class MailBox:
    mails: list = field(default_factory=list)
    #: What is said to the next mails instead of taking them.
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        return "250 Taken"


@pytest.fixture
def mailbox(settings) -> Iterator[MailBox]:
    box = MailBox()
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_FROM = "127.0.0.1", port, "clips@example.org"
    yield box
    controller.stop()


@pytest.fixture
def make_channel(db) -> Callable[..., NoticeChannel]:
    def make(kind: ChannelKind, target: str, *, secret: str = "", **fields) -> NoticeChannel:
        rows = {"sealed_target": sealed.seal(target, PURPOSE)}
        rows |= {"sealed_secret": sealed.seal(secret, PURPOSE)} if secret else {}
        return NoticeChannel.objects.create(**{"name": kind.value} | fields, kind=kind, **rows)

    return make


@pytest.fixture
def write(db) -> Callable[..., Notice]:
    """Return a function that writes a notice for the only channel."""

    def write(title: str = "Backyard Rails: 3 moments to sort", **fields) -> Notice:
        subject = fields.pop("subject", "one")
        Notice.objects.write(NoticeKind.READY, subject, title=title, **{"text": "2 videos are done."} | fields)
        return Notice.objects.get(subject=subject)

    return write

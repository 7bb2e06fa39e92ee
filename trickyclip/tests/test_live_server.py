"""Tests that what a page still asked when it was closed has ended before the rows of its test are deleted."""

import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections, transaction

from people.models import Member
from trickyclip.tests.live_server import others_end_their_transactions

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def served(live_server) -> Iterator[Callable[[Callable], None]]:
    """Return a function that lets the live server answer with this application, for one test."""
    server = live_server.thread.httpd
    before = server.get_app()
    yield server.set_app
    server.set_app(before)


def ask(server) -> socket.socket:
    client = socket.create_connection(server.server_address)
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client


def test_a_request_of_a_page_that_was_closed_has_ended(live_server, served):
    server, begun = live_server.thread.httpd, threading.Event()

    def slow(_environ, start_response):
        with transaction.atomic():
            Member.objects.create_user("late")
            begun.set()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.5)")
        start_response("200 OK", [])
        return [b""]

    served(slow)
    with ask(server):
        begun.wait(30)
    assert not Member.objects.exists()
    server.come_to_rest()
    assert Member.objects.get().username == "late"


def test_who_connected_and_was_not_accepted_yet_is_waited_for_too(live_server, served):
    server, answered = live_server.thread.httpd, []

    def count(_environ, start_response):
        answered.append(1)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    served(count)
    accept, go_on = server.process_request, threading.Event()

    def late(*arguments):
        go_on.wait(30)
        accept(*arguments)

    server.process_request = late
    try:
        clients = [ask(server) for _number in range(5)]
        [client.close() for client in clients]
        threading.Timer(0.2, go_on.set).start()
        server.come_to_rest()
    finally:
        del server.process_request
    assert len(answered) == 5


def test_an_answer_without_end_ends_and_a_connection_left_open_too(live_server, served):
    server, n_sent = live_server.thread.httpd, []

    def endless(_environ, start_response):
        start_response("200 OK", [])
        while True:
            n_sent.append(1)
            yield b"x" * 65536

    served(endless)
    with ask(server) as reader, socket.create_connection(server.server_address) as idle:
        assert reader.recv(15) == b"HTTP/1.1 200 OK"
        server.come_to_rest()
        n_then = len(n_sent)
        assert idle.recv(1) == b""
    assert len(n_sent) == n_then


def test_a_request_that_never_ends_fails_its_test(live_server, served, capfd):
    server, end = live_server.thread.httpd, threading.Event()

    def stuck(_environ, start_response):
        end.wait(60)
        start_response("200 OK", [])
        return [b""]

    served(stuck)
    with ask(server), pytest.raises(AssertionError, match="still answers"):
        server.come_to_rest(patience_s=0.1)
    end.set()
    assert "in stuck" in capfd.readouterr().err


def test_the_next_test_can_use_the_server_that_rested(live_server, client, admin):
    live_server.thread.httpd.come_to_rest()
    with socket.create_connection(live_server.thread.httpd.server_address) as line:
        line.sendall(b"GET /login HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert line.recv(15) == b"HTTP/1.1 200 OK"


def test_a_transaction_of_another_connection_is_waited_for(transactional_db):
    begun, end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Member.objects.create_user("late")
            begun.set()
            end.wait(30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait(30)
    with pytest.raises(AssertionError, match=re.compile("outlives its test by 0.1 s.*people_member", re.DOTALL)):
        others_end_their_transactions(patience_s=0.1)
    end.set()
    others_end_their_transactions()
    assert Member.objects.exists()
    holder.join()

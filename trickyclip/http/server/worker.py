"""gunicorn worker whose threads never wait for a client while a page waits behind it.

gunicorn 27's own gthread gives a connection to a thread as soon as it is accepted, and the thread reads the head, lets
the site read the body, and writes the answer, however slow the line: with as many slow phones as threads, nobody else
is served. Here the loop reads heads and the bodies of pages, and sends the part of an answer that its client has not
taken. Only uploads, which are on disk before they are acknowledged, and videos, which are too long for memory, wait in
threads, and those are not the threads of pages. gunicorn still parses requests and writes answers.
"""

import errno
import io
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from enum import Enum, auto
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE

from django.conf import settings
from django.db import close_old_connections
from django.urls import reverse
from gunicorn import util
from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from clips.ingest.tus_headers import OCTETS, VERSION
from trickyclip.http.proxy import Proxies
from trickyclip.http.server.body import UploadBody
from trickyclip.http.server.connection import Answer, Line, Stage
from trickyclip.http.server.limits import HEAD_MAX_BYTES, Limits, RefusedError

#: How long a client may take for a head, from the connection or its first byte on; and for a page's body, which at 8 kB
#: a second takes two minutes at most.
HEAD_S = 10.0
BODY_S, BODY_RATE = 20.0, 8_000
#: How long it may take nothing of an answer that lies in memory, and leave a connection open that was answered.
SENDING_S, LINGER_S = 60.0, 5.0
#: What is thrown away meanwhile, of a body that nobody wants.
LINGER_BYTES = 8 * 1024**2
RECEIVED_AT_ONCE_BYTES = 64 * 1024
#: Answers up to this length are held in memory until their client took them; longer ones wait in a thread.
HELD_BYTES = 1024**2
#: Long answers at once, in each process.
STREAM_THREADS = 32
#: How often the loop looks whose time is over.
LOOK_S = 0.5


class Outcome(Enum):
    """The next state of a connection after a thread is done with it."""

    KEEP = auto()
    CLOSE = auto()
    #: Its answer is long: a thread that may wait writes it.
    STREAM = auto()


class Worker(ThreadWorker):
    """One process of the web server. Each part says what runs in the loop's thread and what in others."""

    def init_process(self) -> None:
        self.limits = Limits(
            proxies=Proxies(settings.TRUSTED_PROXIES),
            at_once=settings.CLIENT_CONNECTIONS,
            upload_path=reverse("clips:tus_collection"),
            upload_type=OCTETS,
        )
        self.uploads = ThreadPoolExecutor(settings.UPLOAD_THREADS, "upload")
        self.streams = ThreadPoolExecutor(STREAM_THREADS, "stream")
        #: Lines that the loop waits for, the oldest first.
        self.waiting: dict[Line, None] = {}
        self._looked_s = 0.0
        super().init_process()

    def run(self) -> None:
        super().run()
        for pool in (self.uploads, self.streams):
            pool.shutdown(wait=False, cancel_futures=True)

    def _is_going(self) -> bool:
        return self.alive

    # --- the loop: connections come ---------------------------------------------------------------------------------

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        line = Line(self.cfg, sock, client, listener.getsockname(), self._is_going)
        if not self.limits.connect(line):
            sock.close()
            return
        if self.nr_conns >= self.worker_connections - 1:
            self._drop_the_oldest()
        self.nr_conns += 1
        self._wait(line, Stage.HEAD, HEAD_S)

    def on_client_socket_readable(self, line: Line, _sock: socket.socket) -> None:
        """Handle a kept connection that is used again, or closed by its client."""
        if line in self.keepalived_conns:
            self.keepalived_conns.remove(line)
            self.poller.unregister(line.sock)
            self._wait(line, Stage.HEAD, HEAD_S)

    def _drop_the_oldest(self) -> None:
        """Give up one waiting connection, so that strangers who only connect keep nobody out."""
        if self.keepalived_conns:
            line = self.keepalived_conns.popleft()
            self.poller.unregister(line.sock)
            self._drop(line)
        elif self.waiting:
            self._drop(next(iter(self.waiting)))

    # --- the loop: it waits for clients -----------------------------------------------------------------------------

    def _wait(self, line: Line, stage: Stage, patience_s: float) -> None:
        line.stage, line.deadline_s = stage, time.monotonic() + patience_s
        self.waiting[line] = None
        event = EVENT_WRITE if stage is Stage.SENDING else EVENT_READ
        self.poller.register(line.sock, event, partial(self._stir, line))

    def _wait_no_more(self, line: Line) -> None:
        if line.stage is not None:
            line.stage = None
            del self.waiting[line]
            self.poller.unregister(line.sock)

    def _drop(self, line: Line) -> None:
        self._wait_no_more(line)
        self.limits.disconnect(line)
        self.nr_conns -= 1
        line.sock.close()

    def murder_keepalived(self, force: bool = False) -> None:
        """Close kept connections that were not used in time."""
        now_s = time.monotonic()
        while self.keepalived_conns and (force or self.keepalived_conns[0].timeout <= now_s):
            line = self.keepalived_conns.popleft()
            self.poller.unregister(line.sock)
            self._drop(line)

    def murder_pending(self) -> None:
        """Close connections whose time is over; on a stop, also those that have sent no request yet."""
        now_s = time.monotonic()
        if now_s < self._looked_s + LOOK_S:
            return
        self._looked_s = now_s
        for line in list(self.waiting):
            has_asked = bool(line.received) or line.stage not in (Stage.HEAD, Stage.LINGER)
            if line.deadline_s > now_s and (self.alive or has_asked):
                continue
            if line.stage is Stage.BODY or (line.stage is Stage.HEAD and line.received):
                self._refuse(line, RefusedError("408 Request Timeout", "The request arrived too slowly."))
            else:
                self._drop(line)

    def _stir(self, line: Line, _sock: socket.socket) -> None:
        """Handle a waiting line that can be read or written."""
        if line.stage is None:  # dropped by what came before it in the same round
            return
        try:
            self._send_rest(line) if line.stage is Stage.SENDING else self._receive(line)
        except OSError:
            self._drop(line)
        except Exception:
            self.log.exception("A connection was given up")
            self._drop(line)

    def _receive(self, line: Line) -> None:
        try:
            data = line.sock.recv(RECEIVED_AT_ONCE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        if not data:
            self._drop(line)
        elif line.stage is Stage.LINGER:
            line.thrown_bytes += len(data)
            if line.thrown_bytes > LINGER_BYTES:
                self._drop(line)
        else:
            line.received += data
            self._go_on(line)

    def _go_on(self, line: Line) -> None:
        """Hand a whole head, or a whole body, to a thread."""
        if line.stage is Stage.BODY:
            if len(line.received) >= line.held_bytes:
                self._begin(line, self.tpool)
            return
        end = line.received.find(b"\r\n\r\n", 2)  # an empty line may come before a request
        if end >= 0:
            self._head(line, line.take(end + 4))
        elif len(line.received) > HEAD_MAX_BYTES:
            self._refuse(line, RefusedError("431 Request Header Fields Too Large", "The headers are too long."))

    def _head(self, line: Line, head: bytes) -> None:
        try:
            line.request = next(RequestParser(self.cfg, [head], line.client))
            length_bytes = self.limits.enter(line, line.request)
        except (StopIteration, NoMoreData):
            self._drop(line)
        except RefusedError as refusal:
            self._refuse(line, refusal)
        except Exception as error:
            self.handle_error(None, line.outlet, line.client, error)  # the same words and statuses as gunicorn's own
            self._linger(line)
        else:
            self._body(line, line.request, length_bytes)

    def _body(self, line: Line, request: Request, length_bytes: int) -> None:
        if self.limits.is_upload(request):
            request.body = UploadBody(line, length_bytes, self._is_going)
            self._begin(line, self.uploads if length_bytes else self.tpool)
        elif len(line.received) >= length_bytes:
            self._begin(line, self.tpool)
        else:
            if request._expected_100_continue:
                request._expected_100_continue = False
                line.outlet.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._wait_no_more(line)
            self._wait(line, Stage.BODY, BODY_S + length_bytes / BODY_RATE)

    def _begin(self, line: Line, pool: ThreadPoolExecutor) -> None:
        if not isinstance(line.request.body, UploadBody):
            line.request.body = io.BytesIO(line.take(line.held_bytes))
        self._submit(pool, self.handle, line)

    def _submit(self, pool: ThreadPoolExecutor, work: Callable[[Line], Outcome], line: Line) -> None:
        self._wait_no_more(line)
        done = pool.submit(work, line)
        done.add_done_callback(lambda future: self.method_queue.defer(self.finish_request, line, future))

    # --- in a thread ------------------------------------------------------------------------------------------------

    def handle(self, line: Line) -> Outcome:
        """Answer a request, up to the part that its client does not take at once."""
        return self._guarded(self._ask_site, line)

    def write_long(self, line: Line) -> Outcome:
        """Write an answer that is too long for memory."""
        line.outlet.patient = True
        return self._guarded(self._write, line)

    def _guarded(self, work: Callable[[Line], Outcome], line: Line) -> Outcome:
        try:
            return work(line)
        except OSError as error:
            self.log.debug("A client is gone: %s", error)
        except (Exception, SystemExit) as error:
            if line.answer is None or not line.answer.response.headers_sent:
                self.handle_error(line.request, line.outlet, line.client, error)
            else:
                self.log.exception("Error handling request")
        return Outcome.CLOSE

    def _ask_site(self, line: Line) -> Outcome:
        request, began = line.request, datetime.now()  # noqa: DTZ005 - gunicorn's log takes the difference
        response, environ = wsgi.create(request, line.outlet, line.client, line.server, self.cfg)
        environ["wsgi.multithread"] = True
        if not self.alive or not self.cfg.keepalive or len(self.keepalived_conns) >= self.max_keepalived:
            response.force_close()
        parts = self.wsgi(environ, response.start_response)
        line.answer = Answer(response, parts, environ, began)
        if isinstance(request.body, UploadBody) and request.body.left_bytes:
            response.force_close()  # what still comes of the body is no next request
        if is_long(line.answer):
            close_old_connections()  # this thread's, which the other one's end would not close
            return Outcome.STREAM
        return self._write(line)

    def _write(self, line: Line) -> Outcome:
        answer = line.answer
        try:
            if isinstance(answer.parts, answer.environ["wsgi.file_wrapper"]):
                answer.response.write_file(answer.parts)
            else:
                for part in answer.parts:
                    answer.response.write(part)
            answer.response.close()
        finally:
            self.log.access(answer.response, line.request, answer.environ, datetime.now() - answer.began)  # noqa: DTZ005
            if hasattr(answer.parts, "close"):
                answer.parts.close()
        return Outcome.CLOSE if answer.response.should_close() else Outcome.KEEP

    # --- the loop: a thread is done ---------------------------------------------------------------------------------

    def finish_request(self, line: Line, future: Future) -> None:
        outcome = Outcome.CLOSE if future.cancelled() or future.exception() else future.result()
        line.outlet.patient = False
        if outcome is Outcome.STREAM:
            self._submit(self.streams, self.write_long, line)
            return
        line.keeps = outcome is Outcome.KEEP
        if line.outlet.unsent:
            self._wait(line, Stage.SENDING, SENDING_S)
        else:
            self._request_over(line)

    def _send_rest(self, line: Line) -> None:
        if line.outlet.flush():
            line.deadline_s = time.monotonic() + SENDING_S
        if not line.outlet.unsent:
            self._request_over(line)

    def _request_over(self, line: Line) -> None:
        self._wait_no_more(line)
        self.limits.leave(line)
        line.request = line.answer = None
        if not line.keeps:
            self._linger(line)
        elif line.received:  # its client did not wait for the answer
            self._wait(line, Stage.HEAD, HEAD_S)
            self._go_on(line)
        else:
            line.set_timeout()
            if not self.alive:
                line.timeout = min(line.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
            self.keepalived_conns.append(line)
            self.poller.register(line.sock, EVENT_READ, partial(self.on_client_socket_readable, line))

    def _refuse(self, line: Line, refusal: RefusedError) -> None:
        """Answer without asking the site; the rest of the request is discarded for a while, and then cut off."""
        from trickyclip.http import refused  # gunicorn imports this module before the apps are there

        if line.request is None:  # not even its head was read
            text, fields = f"{refusal.sentence}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"}
        else:
            answer = refused.answer_unread(line.request, int(refusal.status.split()[0]), refusal.sentence)
            text, fields = answer.content, dict(answer.items())
        fields |= {"Content-Length": f"{len(text)}", "Date": util.http_date(), "Tus-Resumable": VERSION}
        if refusal.retry_after_s:
            fields["Retry-After"] = f"{refusal.retry_after_s}"
        head = [f"HTTP/1.1 {refusal.status}", "Connection: close", *(f"{key}: {fields[key]}" for key in fields)]
        line.outlet.sendall("\r\n".join([*head, "", ""]).encode() + text)
        self._linger(line)

    def _linger(self, line: Line) -> None:
        """Close for writing, and wait a moment until the client has closed too."""
        self._wait_no_more(line)
        self.limits.leave(line)
        line.request = None
        line.received.clear()
        try:
            line.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(line)
        else:
            self._wait(line, Stage.LINGER, LINGER_S)


def is_long(answer: Answer) -> bool:
    """Return whether an answer is made while it is sent, and is too long for memory."""
    is_file = isinstance(answer.parts, answer.environ["wsgi.file_wrapper"])
    if not is_file and not getattr(answer.parts, "streaming", False):
        return False
    length_bytes = answer.response.response_length
    return length_bytes is None or length_bytes > HELD_BYTES

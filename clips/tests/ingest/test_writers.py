"""Tests concurrent writers, stalled bodies and large chunks on the real server: no mixed file, no dead site."""

import hashlib
import http.client
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
import requests

from clips.tests.ingest.web import OCTETS, Web, Wire, web_server

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MIB = 1024**2
LARGEST_CHUNK_BYTES = 90_000_000
N_THREADS, STALL_S = 3, 2


def body_of(seed: int, size_bytes: int) -> bytes:
    return np.random.default_rng(seed).bytes(size_bytes)


def at_once(*calls: Callable) -> list:
    """Run calls in threads that start together; return their results in order."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable) -> object:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


class TestRaces:
    @pytest.mark.parametrize("round_", range(5))
    def test_two_writers_at_one_offset_never_mix(self, wire, round_):
        path = wire.create(8 * MIB)
        bodies = [body_of(2 * round_ + which, 4 * MIB) for which in (0, 1)]
        answers = at_once(*(lambda body=body: wire.send(path, 0, body) for body in bodies))
        statuses = sorted(answer.status for answer in answers)
        assert statuses in ([204, 423], [204, 409]), "one wins, the other is told to look again"
        winner = bodies[[answer.status for answer in answers].index(204)]
        assert wire.web.part(path).read_bytes() == winner

    def test_six_clients_that_share_one_upload_finish_it_unmixed(self, wire):
        whole = body_of(9, 6 * MIB)
        path = wire.create(len(whole))

        def push() -> None:
            while (here := int(wire("HEAD", path).headers["Upload-Offset"])) < len(whole):
                wire.send(path, here, whole[here : here + 300_000])

        at_once(*[push] * 6)
        assert hashlib.sha256(wire.web.part(path).read_bytes()).digest() == hashlib.sha256(whole).digest()

    def test_a_writer_that_vanished_is_followed_by_the_next_without_a_gap(self, wire):
        whole = body_of(10, MIB)
        path = wire.create(len(whole))
        stalled = begin_body(wire, path, len(whole), whole[: MIB // 2])
        time.sleep(0.2)
        assert wire.send(path, 0, whole).status == 423, "while the first still holds it"
        stalled.close()
        assert wait_for_offset(wire, path) == MIB // 2, "a cut body is a short read, and what came is kept"
        assert wire.send(path, MIB // 2, whole[MIB // 2 :]).status == 204
        assert wire.web.part(path).read_bytes() == whole


def begin_body(wire: Wire, path: str, announced_bytes: int, body: bytes) -> socket.socket:
    """Announce a body, send its beginning, and keep the connection."""
    line = socket.create_connection(("127.0.0.1", wire.web.port), timeout=30)
    headers = wire.headers | {"Host": "127.0.0.1", "Upload-Offset": "0", "Content-Type": OCTETS}
    head = [f"PATCH {path} HTTP/1.1", f"Content-Length: {announced_bytes}"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    line.sendall("\r\n".join([*head, "", ""]).encode() + body)
    return line


def wait_for_offset(wire: Wire, path: str) -> int:
    deadline_s = time.monotonic() + 20
    while (offset := int(wire("HEAD", path).headers["Upload-Offset"])) == 0 and time.monotonic() < deadline_s:
        time.sleep(0.1)
    return offset


@pytest.fixture(scope="module")
def narrow(django_db_setup, tmp_path_factory) -> Iterator[Web]:
    """A server with few threads and short timeouts."""
    few = {"WEB_WORKERS": "1", "WEB_THREADS": str(N_THREADS), "UPLOAD_STALL_SECONDS": str(STALL_S)}
    with web_server(tmp_path_factory.mktemp("narrow"), **few) as server:
        yield server


class TestStalledBodies:
    def test_as_many_as_threads_give_the_site_back_within_the_limit(self, narrow, secret):
        wire = Wire(narrow, secret)
        paths = [wire.create(MIB) for _ in range(N_THREADS)]
        lines = [begin_body(wire, path, MIB, b"x" * 1000) for path in paths]
        time.sleep(0.3)
        # Longer than a thread may be held, and far shorter than for ever.
        assert requests.get(f"{narrow.base_url}/healthz", timeout=STALL_S + 15).ok
        assert [line.recv(12) for line in lines] == [b"HTTP/1.1 408"] * N_THREADS
        [line.close() for line in lines]

    def test_of_any_other_page_do_so_too(self, narrow):
        lines = []
        for _ in range(N_THREADS):
            line = socket.create_connection(("127.0.0.1", narrow.port), timeout=30)
            line.sendall(
                b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nuser"
            )
            lines.append(line)
        time.sleep(0.3)
        assert requests.get(f"{narrow.base_url}/healthz", timeout=STALL_S + 15).ok
        [line.close() for line in lines]


class TestLargestChunks:
    def test_four_at_once_take_no_memory_of_their_size(self, web, wire, tmp_path, capsys):
        body = body_of(11, LARGEST_CHUNK_BYTES)
        paths = [wire.create(len(body)) for _ in range(4)]
        [wire.send(wire.create(MIB), 0, body[:MIB]) for _ in range(8)]  # so that both workers have done this before
        workers, done = web.workers(), threading.Event()
        before_bytes, peaks = resident_bytes(workers), [0]
        before_cpu_s = cpu_s(workers)

        def watch() -> None:
            while not done.wait(0.05):
                peaks.append(resident_bytes(workers))

        watcher = threading.Thread(target=watch)
        watcher.start()
        begun_s = time.monotonic()
        answers = at_once(*(lambda path=path: wire.send(path, 0, body) for path in paths))
        sent_s = time.monotonic() - begun_s
        used_cpu_s = cpu_s(workers) - before_cpu_s
        done.set()
        watcher.join()
        assert [answer.status for answer in answers] == [204] * 4
        expected = hashlib.sha256(body).digest()
        assert all(hashlib.sha256(web.part(path).read_bytes()).digest() == expected for path in paths)
        grown_mb = (max(peaks) - before_bytes) / 1e6
        copied_mb_per_s = len(body) * 4 / copying_s(web, paths, tmp_path) / 1e6
        with capsys.disabled():
            sys.stdout.write(
                f"\n4 × 90 MB at once: {4 * len(body) / sent_s / 1e6:.0f} MB/s through the whole stack "
                f"({used_cpu_s * 1e9 / (4 * len(body)):.1f} CPU-s a GB), "
                f"cp {copied_mb_per_s:.0f} MB/s; the workers' memory grew by {grown_mb:.1f} MB\n"
            )
        assert grown_mb < 30

    def test_one_byte_more_is_refused(self, wire):
        path = wire.create(2 * LARGEST_CHUNK_BYTES)
        line = begin_body(wire, path, LARGEST_CHUNK_BYTES + 1, b"")
        assert line.recv(12) == b"HTTP/1.1 413"
        line.close()


def resident_bytes(processes: list[psutil.Process]) -> int:
    return sum(process.memory_info().rss for process in processes)


def cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def copying_s(web: Web, paths: list[str], folder) -> float:
    """Return how long ``cp`` and a sync take for the same files."""
    begun_s = time.monotonic()
    for number, path in enumerate(paths):
        subprocess.run(["cp", web.part(path), folder / str(number)], check=True)
    subprocess.run(["sync", *(folder / str(number) for number in range(len(paths)))], check=True)
    return time.monotonic() - begun_s


@pytest.fixture(scope="module")
def traced(django_db_setup, tmp_path_factory) -> Iterator[tuple[Web, Path]]:
    """A server below strace, and the file with its system calls."""
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("strace is not installed")
    probe = subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"strace may not trace here: {probe.stderr.strip()}")
    folder = tmp_path_factory.mktemp("traced")
    calls = "trace=write,pwrite64,ftruncate,fdatasync,sendto,sendmsg,recvfrom"
    command = (strace, "-f", "-y", "-s", "120", "-e", calls, "-o", str(folder / "trace"))
    with web_server(folder, wrapper=command, WEB_WORKERS="1") as server:
        yield server, folder / "trace"


class TestOrder:
    def test_bytes_are_written_synced_noted_and_only_then_acknowledged(self, traced, secret):
        web, trace = traced
        wire = Wire(web, secret)
        path = wire.create(300_000)
        mark = len(trace.read_text())
        assert wire.send(path, 0, b"x" * 200_000).status == 204
        lines = [line.split(maxsplit=1)[1] for line in trace.read_text()[mark:].splitlines() if ".part" in line
                 or "UPDATE" in line or "COMMIT" in line or "HTTP/1.1 204" in line]  # fmt: skip
        assert steps(lines) == ["write", "fdatasync", "UPDATE", "COMMIT", "response"]


def steps(lines: list[str]) -> list[str]:
    """Return the sequence of events, repetitions folded."""
    names = []
    for line in lines:
        if line.startswith(("write", "pwrite64")) and ".part" in line:
            name = "write"
        elif line.startswith("fdatasync") and ".part" in line:
            name = "fdatasync"
        elif 'UPDATE \\"clips_upload\\"' in line:
            name = "UPDATE"
        elif "COMMIT" in line:
            name = "COMMIT"
        elif "HTTP/1.1 204" in line:
            name = "response"
        else:
            continue
        if names[-1:] != [name]:
            names.append(name)
    return names


def test_chunked_bodies_without_a_length_are_told_to_bring_one(wire):
    line = http.client.HTTPConnection("127.0.0.1", wire.web.port, timeout=20)
    headers = wire.headers | {"Upload-Offset": "0", "Content-Type": OCTETS}
    line.request("PATCH", wire.create(5), body=iter([b"01", b"234"]), headers=headers, encode_chunked=True)
    assert line.getresponse().status == 411
    line.close()

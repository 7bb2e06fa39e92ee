"""A proxy that disturbs uploads: cut lines, lost answers, errors of other servers, delays; random from a seed.

Like Cloudflare's it also refuses bodies over 100 MB. Each request uses its own connection.
"""

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

LARGEST_BODY_BYTES = 100_000_000
BLOCK_BYTES = 64 * 1024
LONGEST_DELAY_S = 0.05
HEAD_END = b"\r\n\r\n"
#: What ten requests meet, in a random order, so that even a short test meets each kind of trouble.
DECK = ("cut request", "cut request", "cut answer", "503", "409", "delay", "none", "none", "none", "none")


@dataclass
class Chaos:
    upstream_port: int
    seed: int
    port: int = 0
    seen: Counter = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - it must be repeatable
        self._decks: dict[bool, list[str]] = {True: [], False: []}

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Treat one connection of a client."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(HEAD_END)
            await self._treat(head, reader, writer)
        writer.close()

    async def _treat(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method = head.split(b" ", 1)[0].decode()
        length_bytes = _content_length(head)
        trouble = self._pick(method)
        self.seen[trouble] += 1
        if length_bytes > LARGEST_BODY_BYTES:
            self.seen["413"] += 1
            return await _refuse(writer, 413)
        if trouble in {"503", "409"}:
            return await _refuse(writer, int(trouble))
        if trouble == "delay":
            await asyncio.sleep(self._random.random() * LONGEST_DELAY_S)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        try:
            up_writer.write(_closing(head))
            allowed_bytes = self._random.randrange(length_bytes + 1) if trouble == "cut request" else length_bytes
            await _pump(reader, up_writer, allowed_bytes)
            if trouble == "cut request":
                return None
            if trouble == "cut answer":
                await up_reader.read(BLOCK_BYTES)  # the server has done it, and the client will never hear of it
                return None
            await _pump(up_reader, writer, None)
        finally:
            up_writer.close()

    def _pick(self, method: str) -> str:
        is_patch = method == "PATCH"
        deck = self._decks[is_patch]
        if not deck:
            # 409 is about an offset, which nothing else has.
            deck += [trouble for trouble in DECK if is_patch or trouble != "409"]
            self._random.shuffle(deck)
        return deck.pop()


@contextlib.contextmanager
def chaos_before(upstream_port: int, seed: int) -> Iterator[Chaos]:
    """Run the proxy in a thread for the duration of the block."""
    chaos = Chaos(upstream_port, seed)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    starting = asyncio.run_coroutine_threadsafe(asyncio.start_server(chaos.serve, "127.0.0.1", 0, limit=2**20), loop)
    server = starting.result(10)
    chaos.port = server.sockets[0].getsockname()[1]
    try:
        yield chaos
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _end(server: asyncio.Server) -> None:
    server.close()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _closing(head: bytes) -> bytes:
    lines = [line for line in head[: -len(HEAD_END)].split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"]) + HEAD_END


async def _refuse(writer: asyncio.StreamWriter, status: int) -> None:
    writer.write(b"HTTP/1.1 %d Chaos\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
    await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length_bytes: int | None) -> None:
    """Pass ``length_bytes`` on, or all until the end where it is None."""
    while length_bytes is None or length_bytes > 0:
        block = await reader.read(BLOCK_BYTES if length_bytes is None else min(BLOCK_BYTES, length_bytes))
        if not block:
            return
        writer.write(block)
        await writer.drain()
        if length_bytes is not None:
            length_bytes -= len(block)

"""Simulates a slow line between a browser and a site, with a given latency and bandwidth."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

BLOCK_BYTES = 16 * 1024
#: As much may be on its way in one connection, as TCP's window has it: some times what 40 ms of 20 Mbit/s hold. Without
#: it the rest of a file that nobody wants any more would still stand in everybody's way.
WINDOW_BYTES = 256 * 1024


class SlowLine:
    """Forwards TCP to one port, delayed and no faster than the line's bandwidth."""

    def __init__(self, host: str, port: int, *, round_trip_ms: float, mbit_per_s: float) -> None:
        self._to = (host, port)
        self._delay_s = round_trip_ms / 2000  # each way
        self._bytes_per_s = mbit_per_s * 1e6 / 8
        self._free_at_s = 0.0  # when what was sent down the line before has gone through
        self.port = 0

    async def serve(self, ready: threading.Event, end: asyncio.Event) -> None:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await end.wait()

    async def _join(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        try:
            far_in, far_out = await asyncio.open_connection(*self._to)
            async with asyncio.TaskGroup() as ways:  # what breaks one way ends the other
                ways.create_task(self._carry(near_in, far_out, is_narrow=False))
                ways.create_task(self._carry(far_in, near_out, is_narrow=True))
        except* (ConnectionError, asyncio.CancelledError):
            near_out.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_narrow: bool) -> None:
        clock = asyncio.get_running_loop().time
        on_its_way: asyncio.Queue = asyncio.Queue(maxsize=WINDOW_BYTES // BLOCK_BYTES)

        async def deliver() -> None:
            while (due := await on_its_way.get()) is not None:
                at_s, block = due
                await asyncio.sleep(max(0.0, at_s - clock()))
                sink.write(block)
                await sink.drain()

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(deliver())
                while block := await source.read(BLOCK_BYTES):
                    leaves_at_s = clock()
                    if is_narrow:
                        leaves_at_s = self._free_at_s = max(clock(), self._free_at_s) + len(block) / self._bytes_per_s
                    await on_its_way.put((leaves_at_s + self._delay_s, block))
                await on_its_way.put(None)
        finally:
            sink.close()


@contextlib.contextmanager
def slow_line(host: str, port: int, *, round_trip_ms: float, mbit_per_s: float) -> Iterator[int]:
    """Yield a local port behind which the site seems that far away."""
    line = SlowLine(host, port, round_trip_ms=round_trip_ms, mbit_per_s=mbit_per_s)
    ready, loops = threading.Event(), []

    async def run() -> None:
        end = asyncio.Event()
        loops.append((asyncio.get_running_loop(), end))
        await line.serve(ready, end)

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield line.port
    finally:
        loop, end = loops[0]
        loop.call_soon_threadsafe(end.set)
        thread.join(timeout=5)

"""``manage.py bench_upload``: measures upload speed through the whole stack of a running site, beside a plain copy."""

import base64
import http.client
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psutil
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bench.sent import forget, wait_until_checked
from clips.storage.files import scratch_folder, sync
from people.models import ApiToken, Member, Role

MIB = 1024**2
PATIENCE_S = 600
SESSION = "Upload bench"


class Command(BaseCommand):
    help = "Measure uploads to a running site on this machine, then delete them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="the address of the site, which runs on this data folder")
        parser.add_argument("--files", type=int, default=3, help="sent at the same time (default: %(default)s)")
        parser.add_argument("--mib", type=int, default=256, help="size of each (default: %(default)s)")

    def handle(self, *, url: str, files: int, mib: int, **_options) -> None:
        member = Member.objects.filter(role=Role.ADMIN, is_active=True).first()
        if member is None:
            raise CommandError("There is no admin to upload as. Start the site once.")
        token, secret = ApiToken.objects.issue(member, "bench_upload")
        uploaded: list[UUID] = []
        try:
            with scratch_folder() as folder:
                paths = [_film(folder / f"{number}.mp4", mib) for number in range(files)]
                self._say("cp and fsync", files * mib, *_timed(lambda: [_copy(path) for path in paths]))
                sender = _Sender(url, secret)
                with ThreadPoolExecutor(files) as pool:
                    uploaded, *spent = _timed(lambda: list(pool.map(sender.send, paths)))
                self._say("upload, to the last byte acknowledged", files * mib, None, *spent)
                self._say("its check, until it is stored", files * mib, *_timed(lambda: wait_until_checked(uploaded)))
        finally:
            token.delete()
            forget(uploaded, SESSION)

    def _say(self, what: str, n_mib: int, _result: object, wall_s: float, cpu_s: float) -> None:
        figures = f"{n_mib / wall_s:7.0f} MiB/s  {cpu_s / n_mib * 1024:6.2f} CPU-s of the site for each GiB"
        self.stdout.write(f"{what:<40}{figures}")


class _Sender:
    """Sends files as the upload page does, in chunks of the given size."""

    def __init__(self, url: str, secret: str) -> None:
        self._host = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {secret}", "Tus-Resumable": "1.0.0"}

    def send(self, path: Path) -> UUID:
        size_bytes = path.stat().st_size
        said = {"filename": path.name, "session": SESSION, "date": timezone.localdate().isoformat()}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
        connection = http.client.HTTPConnection(self._host, timeout=PATIENCE_S)
        create = {"Upload-Length": str(size_bytes), "Upload-Metadata": metadata}
        address = self._ask(connection, "POST", "/upload/tus/", create, b"").headers["Location"]
        with path.open("rb") as file:
            while chunk := file.read(settings.UPLOAD_CHUNK_BYTES):
                offset = {"Upload-Offset": str(file.tell() - len(chunk))}
                kind = {"Content-Type": "application/offset+octet-stream"}
                self._ask(connection, "PATCH", urlsplit(address).path, offset | kind, chunk)
        connection.close()
        return UUID(urlsplit(address).path.rstrip("/").rpartition("/")[2])

    def _ask(self, connection, method: str, path: str, headers: dict, body: bytes) -> http.client.HTTPResponse:
        connection.request(method, path, body, self._headers | headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise CommandError(f"The site refuses this upload: {answer.status} {text.decode(errors='replace')[:200]}")
        return answer


def _film(path: Path, mib: int) -> Path:
    with path.open("wb") as file:
        for _number in range(mib):
            file.write(os.urandom(MIB))
    sync(path)
    return path


def _copy(path: Path) -> None:
    copy = path.with_suffix(".copy")
    shutil.copyfile(path, copy)
    sync(copy)
    copy.unlink()


def _timed(work) -> tuple[object, float, float]:
    """Return the result of the work, the elapsed seconds, and the CPU-seconds of the site's processes."""
    before_s, began_s = _site_cpu_s(), time.monotonic()
    result = work()
    return result, time.monotonic() - began_s, _site_cpu_s() - before_s


def _site_cpu_s() -> float:
    processes: set[psutil.Process] = set()
    for file in (settings.DATA_DIR / "engines" / "run").glob("*.pid"):
        with suppress(psutil.Error, ValueError, OSError):
            process = psutil.Process(int(file.read_text().split()[0]))
            processes |= {process, *process.children(recursive=True)}
    total_s = 0.0
    for process in processes:
        with suppress(psutil.Error):
            times = process.cpu_times()
            total_s += times.user + times.system
    return total_s

"""``manage.py bench_download``: measures a ZIP of many gigabytes, made of sparse files, and has it opened by others."""

import io
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path

import psutil
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.test import Client
from django.urls import reverse

from clips.models import FinalClip
from people.models import Member

GB = 10**9
FILE_BYTES = 5 * 10**8


class Command(BaseCommand):
    help = (
        "Download clips of so many gigabytes as one ZIP within this process, and print the memory that takes; cut it "
        "off in the middle and continue it; then test it with unzip and Python. Rows are rolled back, files deleted. "
        "The files are of zeros and take no room on a disk that knows sparse files."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--gb", type=float, default=20, help="how many (default: %(default)s)")
        parser.add_argument("--no-open", action="store_true", help="do not have it tested by unzip and Python")

    def handle(self, *, gb: float, no_open: bool, **_: object) -> None:
        template = FinalClip.objects.current().first()
        member = Member.objects.filter(is_active=True).first()
        if template is None or member is None:
            raise CommandError("There are no rows to measure. Run make_library to make some.")
        stored: list[Path] = []
        with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as folder, transaction.atomic():
            try:
                clips = [self._clip(template, stored) for _number in range(max(1, round(gb * GB / FILE_BYTES)))]
                client = Client(headers={"host": "localhost"})
                client.force_login(member)
                made = Path(folder) / "made.zip"
                self._measure(client, clips, made)
                if not no_open:
                    self._open(made)
            finally:
                for path in stored:
                    path.unlink()
                transaction.set_rollback(True)

    def _clip(self, template: FinalClip, stored: list[Path]) -> FinalClip:
        pk = uuid.uuid4()
        path = settings.DATA_DIR / f"final_clips/{pk}.mp4"
        path.parent.mkdir(exist_ok=True)
        stored.append(path)
        with path.open("wb") as file:
            file.truncate(FILE_BYTES)
            file.seek(FILE_BYTES // 2)
            file.write(pk.bytes)  # another checksum for each
        template.pk, template.lineage, template.crc32, template._state.adding = pk, uuid.uuid4(), None, True
        template.filename, template.stored_path = f"{pk}.mp4", f"final_clips/{pk}.mp4"
        template.file_hash, template.size_bytes = pk.hex * 2, FILE_BYTES
        template.candidate_segment = None
        template.save(force_insert=True)
        return FinalClip.objects.get(pk=pk)

    def _measure(self, client: Client, clips: list[FinalClip], made: Path) -> None:
        address, chosen = reverse("clips:library_zip"), {"clip": [str(clip.pk) for clip in clips]}
        started_s = time.monotonic()
        while (answer := client.get(address, chosen)).status_code == 503:
            pass
        size_bytes = int(answer["Content-Length"])
        self.stdout.write(f"{size_bytes / GB:.2f} GB; checksums and layout in {time.monotonic() - started_s:.1f} s")
        process = psutil.Process()
        before_bytes, started_s, cpu_s = process.memory_info().rss, time.monotonic(), time.process_time()
        cut_at = size_bytes // 2 + 12_345
        with made.open("wb") as file:
            peak_bytes = _write(file, answer.streaming_content, until=cut_at)
            rest = client.get(address, chosen, headers={"Range": f"bytes={cut_at}-", "If-Range": answer["ETag"]})
            if rest.status_code != 206:
                raise CommandError(f"The rest was answered with {rest.status_code}.")
            peak_bytes = max(peak_bytes, _write(file, rest.streaming_content, until=size_bytes))
            file.truncate()
        took_s = time.monotonic() - started_s
        self.stdout.write(
            f"sent in two parts in {took_s:.1f} s ({size_bytes / took_s / 1e6:.0f} MB/s, "
            f"{(time.process_time() - cpu_s) / size_bytes * GB:.2f} CPU-seconds a GB); "
            f"memory {before_bytes / 1e6:.0f} MB before, {peak_bytes / 1e6:.0f} MB at most"
        )

    def _open(self, made: Path) -> None:
        if program := shutil.which("unzip"):
            tested = subprocess.run([program, "-tq", str(made)], capture_output=True, text=True, check=False)  # noqa: S603
            self.stdout.write(f"unzip -t: {tested.stdout.strip().splitlines()[-1]}")
            if tested.returncode:
                sys.exit(tested.returncode)
        with zipfile.ZipFile(made) as read:
            bad = read.testzip()
            self.stdout.write(f"Python: {len(read.namelist())} files, {f'{bad} is bad' if bad else 'all good'}")


def _write(file: io.BufferedWriter, blocks: Iterable[bytes], *, until: int) -> int:
    """Write blocks up to a byte, with holes for zeros; return the most memory meanwhile."""
    process, peak_bytes = psutil.Process(), 0
    for number, block in enumerate(blocks):
        block = block[: until - file.tell()]
        if block.count(0) == len(block):
            file.seek(len(block), io.SEEK_CUR)
        else:
            file.write(block)
        if number % 500 == 0:
            peak_bytes = max(peak_bytes, process.memory_info().rss)
        if file.tell() >= until:
            break
    return max(peak_bytes, process.memory_info().rss)

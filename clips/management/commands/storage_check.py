"""``manage.py storage_check``: writes, reads and deletes a small file where files are stored."""

import os

from django.core.management.base import BaseCommand, CommandError

from clips.storage import files
from clips.storage.files import ALIASES, StorageError, scratch_folder

PROBE_BYTES = 100_000


class Command(BaseCommand):
    help = "Check that files can be stored and read as configured, by trying it with a small one."

    def handle(self, **_options) -> None:
        faults = {alias: self._fault(alias) for alias in ALIASES}
        for alias, fault in faults.items():
            mark = self.style.ERROR("BAD ") if fault else self.style.SUCCESS("good")
            self.stdout.write(f"{alias:<12} {mark}  {fault or self._where(alias)}")
        if any(faults.values()):
            raise CommandError("Some files cannot be stored now.")
        self.stdout.write("Files can be stored and read.")

    def _fault(self, alias: str) -> str:
        """Store a file as workers do, read a part of it, and delete it; return the fault, if any."""
        stored_path, content = f"{alias}/.check-{os.getpid()}", os.urandom(PROBE_BYTES)
        try:
            with scratch_folder() as folder:
                (folder / "probe").write_bytes(content)
                with files.staged({stored_path: folder / "probe"}) as place:
                    place(stored_path)
            file = files.read(stored_path)
            file.narrow(10, 19)
            is_same = b"".join(file) == content[10:20]
            file.close()
            files.delete([stored_path])
        except (StorageError, OSError) as error:
            return str(error)
        return "" if is_same else "The data read back does not match the data stored."

    def _where(self, alias: str) -> str:
        where = files.store_of(alias)
        if where.is_local:
            return f"the folder {where.path_of(alias)}"
        return f"the bucket {where.bucket_name}, below {where.location or 'its top'}"

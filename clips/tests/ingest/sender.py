"""A tus client as patient as the upload page: it resumes after every break from the server's offset."""

import time
from pathlib import Path

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

PATIENCE_S = 150
AGAIN_AFTER_S = 0.3
#: What no patience mends: the server has forgotten an upload that it once began.
FORGOTTEN = frozenset({404, 410})


class Sender:
    """One file on its way, sent again and again until it is there."""

    def __init__(self, client: TusClient, path: Path, *, chunk_bytes: int, pause_s: float = 0.0, **about: str) -> None:
        self.path = path
        self.pause_s = pause_s
        self.n_breaks = 0
        #: The most that the server ever said it has.
        self.acknowledged_bytes = 0
        self.sending = client.uploader(str(path), chunk_size=chunk_bytes, metadata={"filename": path.name, **about})

    def send(self) -> str:
        """Send the whole file, and return the id of its upload."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            try:
                self._go_on()
                return self.sending.url.rsplit("/", 1)[-1]
            except (TusCommunicationError, TusUploadFailed, OSError) as error:
                if getattr(error, "status_code", None) in FORGOTTEN:
                    raise AssertionError(f"{self.path.name} was lost") from error
                self.n_breaks += 1
                time.sleep(AGAIN_AFTER_S)
        raise AssertionError(f"{self.path.name} stopped at {self.sending.offset}")

    def _go_on(self) -> None:
        if self.sending.url:
            self.sending.offset = self.sending.get_offset()
            said = f"{self.sending.offset} of {self.acknowledged_bytes} acknowledged bytes are there"
            assert self.sending.offset >= self.acknowledged_bytes, said
        else:
            self.sending.set_url(self.sending.create_url())
        while self.sending.offset < self.sending.get_file_size():
            self.sending.upload_chunk()
            self.acknowledged_bytes = self.sending.offset
            time.sleep(self.pause_s)

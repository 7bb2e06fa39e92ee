"""``manage.py fingerprint``: computes missing fingerprints of files."""

from django.core.management.base import BaseCommand
from django.template.defaultfilters import pluralize
from tqdm import tqdm

from clips.ingest.fingerprint import fingerprint_of
from clips.models import OriginalFile
from clips.storage.files import StorageError, local_copy


class Command(BaseCommand):
    help = "Compute missing fingerprints of files, so that the upload page recognises them before sending."

    def handle(self, **_options) -> None:
        files = OriginalFile.objects.filter(fingerprint="").defer("probe")
        missing = 0
        for file in tqdm(files.iterator(), total=files.count(), unit="file", file=self.stderr, disable=None):
            try:
                with local_copy(file) as path:
                    OriginalFile.objects.filter(pk=file.pk).update(fingerprint=fingerprint_of(path))
            except StorageError:
                missing += 1
        if missing:
            self.stdout.write(f"{missing} file{pluralize(missing)} skipped: not in the data folder.")

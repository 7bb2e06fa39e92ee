"""Tests that the measurement of downloads measures a whole ZIP and leaves nothing behind."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from clips.models import FinalClip


@pytest.mark.slow
@pytest.mark.django_db
def test_a_zip_is_measured_opened_and_gone(admin):
    call_command("make_library", segments=20, clips=10, stdout=StringIO())
    n_clips = FinalClip.objects.count()
    call_command("bench_download", gb=1, stdout=(out := StringIO()))
    assert "1.00 GB" in out.getvalue()
    assert "Python: 3 files, all good" in out.getvalue()
    assert FinalClip.objects.count() == n_clips
    assert list((settings.DATA_DIR / "final_clips").iterdir()) == []

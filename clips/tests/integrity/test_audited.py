"""Tests that the audit trail records actions on footage and jobs, with who did them."""

import pytest
from django.urls import reverse

from clips.models import FinalClip, Job, JobKind, JobState, SharedCopy, ShareLink
from clips.sorting import decisions
from people.models import AuditEntry, Person


def did(client, member, route: str, *args: object, **fields: object) -> list[tuple[str, str]]:
    """Post a request, and return its entries in the trail: who and what."""
    client.force_login(member)
    client.post(reverse(route, args=args), fields)
    return list(AuditEntry.objects.order_by("pk").values_list("actor_name", "action"))


@pytest.fixture
def job(original) -> Job:
    return Job.objects.for_target(JobKind.DETECT, original)


@pytest.fixture
def copy(original, sorter) -> SharedCopy:
    choice = decisions.Choice(start_ms=0, end_ms=1_000, person=Person.objects.add("Miller Downey"))
    clip = decisions.make_clip(original, choice, sorter)
    return SharedCopy.objects.create(clip=clip, stored_path="c", size_bytes=9)


def test_cancelled_and_retried_jobs(client, curator, job):
    assert did(client, curator, "clips:job_cancel", job.pk) == [("cora", "cancelled")]
    assert did(client, curator, "clips:job_retry", job.pk)[1:] == [("cora", "retried")]
    entry = AuditEntry.objects.order_by("pk").last()
    assert (entry.target_type, entry.target_id) == ("clips.job", str(job.pk))


def test_what_changed_nothing_is_not_in_it(client, curator, job):
    Job.objects.update(state=JobState.DONE)
    assert did(client, curator, "clips:job_cancel", job.pk) == []


def test_all_jobs_of_a_kind(client, curator, job):
    assert did(client, curator, "clips:kind_cancel", "DETECT") == [("cora", "cancelled")]
    assert AuditEntry.objects.get().details == {"n_jobs": 1, "kind": "DETECT"}


def test_links_for_sharing_without_their_secrets(client, sorter, copy):
    assert did(client, sorter, "clips:shared_copy_link", copy.pk, days="7") == [("mia", "shared")]
    assert did(client, sorter, "clips:share_link_end", ShareLink.objects.get().pk)[1:] == [("mia", "unshared")]
    assert set(AuditEntry.objects.values_list("target_name", flat=True)) == {FinalClip.objects.get().filename}
    assert ShareLink.objects.get().secret_hash not in str(list(AuditEntry.objects.values()))


def test_another_name_of_a_session_with_the_one_before(client, curator, shoot):
    form = {"name": "Night Rails", "date": shoot.date}
    assert did(client, curator, "clips:session_rename", shoot.pk, **form) == [("cora", "changed")]
    assert AuditEntry.objects.get().details["before"]["name"] == "Backyard Rails"


def test_footage_analysed_again(client, curator, original):
    assert did(client, curator, "clips:file_redetect", original.pk) == [("cora", "redetected")]

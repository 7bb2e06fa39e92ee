"""Checks the locked packages for known vulnerabilities; passes, and says so, if the index cannot be reached."""

import json
import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
PATIENCE_S = 180


def main() -> None:
    found = asked("requirements-dev.txt")
    packages = found.get("dependencies", [])
    looked_up = [package for package in packages if "vulns" in package]
    if not looked_up:
        print("Known vulnerabilities: not checked, because the index cannot be reached.")
        return
    print(f"Known vulnerabilities: {len(looked_up)} of {len(packages)} packages were checked.")
    vulnerable = [package for package in looked_up if package["vulns"]]
    for package in vulnerable:
        for known in package["vulns"]:
            fixed = ", ".join(known["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {known['id']}, fixed in {fixed}")
    if vulnerable:
        sys.exit("Take a version without them: ./deploy/lock --upgrade-package NAME")


def asked(lock: str) -> dict:
    """Return what pip-audit found; nothing where it could not ask."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
    options = ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run(
            command + options, cwd=BASE_DIR, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return {}


if __name__ == "__main__":
    main()

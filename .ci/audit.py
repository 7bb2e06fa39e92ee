"""Look the locked packages up among the known vulnerabilities; where none can be asked, say so and pass."""

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
        print("Known vulnerabilities: nobody to ask from here, so no package was looked up.")
        return
    print(f"Known vulnerabilities: {len(looked_up)} of {len(packages)} packages were looked up.")
    vulnerable = [package for package in looked_up if package["vulns"]]
    for package in vulnerable:
        for known in package["vulns"]:
            mended = ", ".join(known["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {known['id']}, mended in {mended}")
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

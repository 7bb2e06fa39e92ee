# Sourced by deploy/run, deploy/dev, deploy/test and .ci/run from the project's folder: makes .venv and keeps it up to date.
# shellcheck shell=sh

# Print the name of a Python that is new enough. Each one is tried out, because a shim of a version manager may
# exist without a Python behind it. Those with a Redis wheel (see requirements.txt) come first.
find_python() {
    for candidate in python3.12 python3.11 python3.13 python3.14 python3 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "TrickyClip needs Python 3.11 or newer, and none was found: install it and try again." >&2
    return 1
}

# make_venv FILE: afterwards .venv holds the packages of the lock FILE (deploy/lock writes it). Fast when nothing changed.
make_venv() {
    stamp=".venv/installed-$1"
    wanted=$(cksum <"$1")
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then # missing, half made, or of a Python that left
        python=$(find_python) || return 1
        echo "Making .venv with $python …"
        if ! "$python" -m venv --clear .venv; then
            echo "$python cannot make a virtual environment: on Debian and Ubuntu install python3-venv." >&2
            return 1
        fi
    fi
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "Installing the packages of $1: about a minute the first time …"
        if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"; then
            echo "The packages of $1 could not be installed; the lines above say why." >&2
            return 1
        fi
        echo "$wanted" >"$stamp"
    fi
}

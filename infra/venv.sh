#!/bin/sh
# Makes .venv, or brings it up to date when a requirements file changed. Says nothing when there is nothing to do.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.requirements
wanted=$(cat requirements.txt requirements-dev.txt | cksum)

usable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if usable .venv/bin/python && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi

if ! usable .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    # A version manager may put a python3.11 on the path that only says it is not installed, so each is tried.
    python=
    for candidate in python3.11 python3; do
        if usable "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Python 3.11 or newer is needed; found: $(python3 --version 2>/dev/null || echo none)" >&2
        exit 1
    fi
    echo "Creating .venv with $("$python" --version) ..." >&2
    if ! "$python" -m venv --clear .venv; then
        echo "$python cannot make virtual environments; install its venv module (Debian: apt-get install python3-venv)" >&2
        exit 1
    fi
fi

echo "Installing the pinned packages into .venv (a minute or two the first time) ..." >&2
rm -f "$stamp"
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-input -r requirements-dev.txt
echo "$wanted" >"$stamp"
echo "Installed." >&2

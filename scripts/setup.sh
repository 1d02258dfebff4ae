#!/bin/sh
# Makes .venv with sciopt and its tools in it, or says plainly what is missing and what to do.
#
#   sh scripts/setup.sh
#
# PYTHON=/path/to/python   use this Python (3.10 to 3.12) and look for no other
# UV=                      use venv and pip even where uv is installed
# SCIOPT_ANY_PLATFORM=1    try to install on a platform for which AutoDock Vina publishes no wheel
#
# A stamp in .venv holds the checksum of pyproject.toml, so a second call costs nothing. It asks no questions.
set -eu

cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/sciopt-setup
log=$venv/setup.log
uv=${UV-uv}
PIP_NO_INPUT=1
PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_NO_INPUT PIP_DISABLE_PIP_VERSION_CHECK

stop() {
    printf 'sciopt cannot be set up: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

current() { printf '%s %s' "$(pwd -P)" "$(cksum <pyproject.toml)"; }

finished() {
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(current)" ] && [ -x "$venv/bin/python" ]
}

have() { command -v "$1" >/dev/null 2>&1; }

with_uv() { [ -n "$uv" ] && have "$uv"; }

# The version of a Python as "3.11"; nothing when it does not run, as a pyenv shim without a version behind it.
version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

fits() {
    case $1 in 3.10 | 3.11 | 3.12) return 0 ;; *) return 1 ;; esac
}

check_platform() {
    [ -z "${SCIOPT_ANY_PLATFORM:-}" ] || return 0
    system=$(uname -s)
    machine=$(uname -m)
    case $system-$machine in
    Linux-x86_64 | Linux-amd64) check_libc ;;
    MINGW* | MSYS* | CYGWIN* | Windows*)
        stop "AutoDock Vina 1.2.7 has no wheel for Windows." \
            "Use WSL: run 'wsl --install' in PowerShell, open Ubuntu, and run the same command there." ;;
    *)
        stop "AutoDock Vina 1.2.7 publishes wheels for Linux x86-64 only, and this is $system $machine." \
            "Use a Linux x86-64 machine or container, for instance: docker run --platform linux/amd64 -it python:3.12" \
            "To build vina from source here instead (it needs a C++ compiler, SWIG and Boost): SCIOPT_ANY_PLATFORM=1 make" ;;
    esac
}

# RDKit's wheels need the GNU C library 2.28 (2018) or later.
check_libc() {
    have getconf || return 0
    libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=
    case $libc in
    'glibc 2.'[0-9] | 'glibc 2.1'[0-9] | 'glibc 2.2'[0-7])
        stop "RDKit's wheels need the GNU C library 2.28 or later, and this is $libc." \
            "Use a newer system: Debian 10, Ubuntu 20.04, RHEL 8 or later." ;;
    glibc*) ;;
    *)
        stop "RDKit and Open Babel publish wheels for the GNU C library only, and this Linux has another (Alpine's musl?)." \
            "Use a glibc system, for instance: docker run -it python:3.12" ;;
    esac
}

# Sets `python` to the first Python that fits, and `seen` to what was found instead.
find_python() {
    python=
    seen=
    # PYTHON may be a path with spaces, so it is not word-split with the other names.
    if [ -n "${PYTHON:-}" ]; then
        consider "$PYTHON"
        [ -n "$python" ] || stop "PYTHON=$PYTHON is not a Python from 3.10 to 3.12:$seen." \
            "Give another one: make test PYTHON=/path/to/python3.12"
        return 0
    fi
    for name in python3 python3.12 python3.11 python3.10; do
        consider "$name"
        [ -z "$python" ] || return 0
    done
}

consider() {
    have "$1" || { seen="$seen $1 is not there;"; return 0; }
    found=$(version_of "$1")
    if [ -z "$found" ]; then
        seen="$seen $1 does not run;"
    elif fits "$found"; then
        python=$1
    else
        seen="$seen $1 is $found;"
    fi
}

no_python() {
    stop "it needs Python 3.10, 3.11 or 3.12 (AutoDock Vina 1.2.7 has no wheel for others), and found:$seen" \
        "Install one, then run the same command again:" \
        "  Debian, Ubuntu:  apt install python3.12 python3.12-venv   (or 3.10, 3.11, whichever is offered)" \
        "  Fedora:          dnf install python3.12" \
        "  pyenv:           pyenv install 3.12" \
        "  uv:              uv python install 3.12" \
        "or name one that you have: make test PYTHON=/path/to/python3.12"
}

check_old_venv() {
    [ -e "$venv" ] || return 0
    if [ -f "$stamp" ] && ! grep -qF "$(pwd -P) " "$stamp"; then
        # The scripts in it name the old place.
        echo "this folder was moved; making $venv anew"
        rm -rf "$venv"
        return 0
    fi
    old=$(version_of "$venv/bin/python")
    if [ -z "$old" ]; then
        [ -f "$venv/pyvenv.cfg" ] || [ -f "$log" ] || stop "$venv is there, but it is no virtual environment." \
            "Move it away, then run the same command again."
        echo "the Python of $venv does not run; making $venv anew"
        rm -rf "$venv"
    elif ! fits "$old"; then
        stop "$venv was made with Python $old; it needs 3.10, 3.11 or 3.12." "Remove it (rm -rf $venv), then run the same command again."
    elif [ -n "${PYTHON:-}" ] && [ "$(version_of "$PYTHON")" != "$old" ]; then
        stop "$venv was made with Python $old, and PYTHON=$PYTHON is another." "Remove it (rm -rf $venv), then run the same command again."
    fi
}

make_venv() {
    [ ! -x "$venv/bin/python" ] || return 0
    find_python
    if with_uv; then
        # Without a Python that fits, uv looks for one of its own, or fetches one where its settings allow that.
        "$uv" venv --quiet --python "${python:-3.12}" "$venv" || {
            rm -rf "$venv"
            [ -z "$python" ] && no_python
            stop "uv could not make $venv (its message is above)." "To use venv and pip instead: make test UV="
        }
        return 0
    fi
    [ -n "$python" ] || no_python
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "$python ($(version_of "$python")) comes without venv or ensurepip." \
            "On Debian and Ubuntu: apt install python3-venv   (or python$(version_of "$python")-venv), then run the same command again." \
            "Elsewhere, install uv or name another Python: make test PYTHON=/path/to/python3.12"
    "$python" -m venv "$venv" || {
        rm -rf "$venv"
        stop "'$python -m venv $venv' failed (its message is above)."
    }
}

pip_install() {
    if with_uv; then
        "$uv" pip install --python "$venv/bin/python" --editable '.[dev,docs,hpc,notebooks,parquet]'
    else
        # uv makes environments without pip.
        "$venv/bin/python" -c 'import pip' 2>/dev/null || "$venv/bin/python" -m ensurepip --upgrade
        "$venv/bin/python" -m pip install --editable '.[dev,docs,hpc,notebooks,parquet]'
    fi
}

install() {
    echo "installing sciopt and what it needs into $venv (about 1.6 GB; progress in $log)"
    pip_install >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        stop "the installation failed; the last lines are above, all of them in $log." \
            "No network or a proxy: see https_proxy and PIP_INDEX_URL (for uv, UV_INDEX_URL). Disk: it needs 1.6 GB." \
            "Then run the same command again: what is already installed is kept."
    }
    "$venv/bin/python" -c 'import rdkit.Chem, vina' 2>>"$log" || {
        tail -n 15 "$log" >&2
        stop "RDKit or Vina is installed but cannot be imported; the reason is above."
    }
}

finished && exit 0
check_platform
check_old_venv
make_venv
rm -f "$stamp"
install
current >"$stamp"
echo "sciopt is set up in $venv"

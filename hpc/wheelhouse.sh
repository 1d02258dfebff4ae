#!/bin/sh
# sciopt and all that it needs as wheels in one folder, for a cluster whose machines have no internet.
#
#   sh hpc/wheelhouse.sh make FOLDER                      with internet: fill FOLDER (about 230 MB), this script with it
#   sh FOLDER/wheelhouse.sh install FOLDER ENVIRONMENT    without: make a virtual environment from it
#
# PYTHON=/path/to/python   use this Python (3.10 to 3.12); both sides need the same minor version and processor
# EXTRAS=hpc               what to take besides the core: hpc is Dask and dask-jobqueue; EXTRAS= for nothing
#
# Wheels are chosen for the machine that makes the folder. Make it where the GNU C library is not newer than the
# cluster's (`ldd --version` shows it), best on the cluster's own login node.
set -eu

PYTHON=${PYTHON:-python3}
EXTRAS=${EXTRAS-hpc}
PIP_DISABLE_PIP_VERSION_CHECK=1
PIP_NO_INPUT=1
export PIP_DISABLE_PIP_VERSION_CHECK PIP_NO_INPUT

stop() {
    printf '%s\n' "$1" >&2
    exit 1
}

platform() { "$1" -c 'import platform, sys; print("Python %d.%d" % sys.version_info[:2], platform.machine())'; }

requirement() { if [ -n "$EXTRAS" ]; then echo "$1[$EXTRAS]"; else echo "$1"; fi; }

make_house() {
    root=$(cd "$(dirname "$0")/.." && pwd)
    [ -f "$root/pyproject.toml" ] || stop "$root is not sciopt's repository: call hpc/wheelhouse.sh from there"
    mkdir -p "$1"
    house=$(cd "$1" && pwd)
    "$PYTHON" -m pip wheel --wheel-dir "$house" "$(requirement "$root")"
    platform "$PYTHON" >"$house/platform"
    cp "$0" "$house/wheelhouse.sh"
    (cd "$house" && sha256sum -- *.whl >SHA256SUMS)
    echo "$(wc -l <"$house/SHA256SUMS") wheels, $(du -sh "$house" | cut -f1), for $(cat "$house/platform"), are in $1"
    echo "copy the folder to the cluster, and there: sh FOLDER/wheelhouse.sh install FOLDER ENVIRONMENT"
}

install_house() {
    [ -f "$1/SHA256SUMS" ] || stop "$1 holds no wheels of sciopt: SHA256SUMS is missing; was all of it copied?"
    here=$(platform "$PYTHON")
    [ "$here" = "$(cat "$1/platform")" ] ||
        stop "the wheels are for $(cat "$1/platform"), and $PYTHON is $here: name another with PYTHON=, or make them anew"
    (cd "$1" && sha256sum --quiet --check SHA256SUMS) || stop "a wheel in $1 is damaged or missing: copy the folder again"
    [ ! -e "$2" ] || stop "$2 is there already: remove it, or name another folder"
    "$PYTHON" -m venv "$2"
    "$2/bin/python" -m pip install --quiet --no-index --find-links "$1" "$(requirement sciopt)"
    "$2/bin/sciopt" doctor
}

case ${1:-} in
make) [ $# -eq 2 ] || stop "expected: wheelhouse.sh make FOLDER"; make_house "$2" ;;
install) [ $# -eq 3 ] || stop "expected: wheelhouse.sh install FOLDER ENVIRONMENT"; install_house "$2" "$3" ;;
*) stop "expected: wheelhouse.sh make FOLDER, or wheelhouse.sh install FOLDER ENVIRONMENT" ;;
esac

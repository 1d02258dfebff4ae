#!/bin/sh
# Installs Chromium for the tests that open a report in it: as root, with apt-get. Without it these tests are skipped.
#
#   sh scripts/chromium.sh
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

if have chromium || have chromium-browser || have google-chrome; then exit 0; fi
have apt-get || {
    echo "no Chromium here, and no apt-get to install it" >&2
    exit 1
}
log="${TMPDIR:-/tmp}/chromium_install.log"
echo "installing chromium"
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
{ apt-get update -q && apt-get install -q -y --no-install-recommends chromium; } >"$log" 2>&1 || {
    echo "apt-get could not install chromium: see $log" >&2
    exit 1
}

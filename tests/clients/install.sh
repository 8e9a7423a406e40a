#!/usr/bin/env bash
# Installs the clients that tests/clients runs, outside of the project's environment:
# install.sh PYTHON. Says aloud what could not be installed; its tests are skipped.
set -uo pipefail
cd "$(dirname "$0")"

CLIENTS="${XDG_CACHE_HOME:-$HOME/.cache}/wechat-gateway/clients"
mkdir -p "$CLIENTS"

# Each lock is copied beside what was installed from it, once that is complete.
from_pypi() {
    cmp -s requirements.txt "$CLIENTS/requirements.txt" &&
        "$CLIENTS/python/bin/python" -c '' && return
    rm -rf "$CLIENTS/python" "$CLIENTS/requirements.txt"
    "$1" -m venv "$CLIENTS/python" &&
        timeout 900 "$CLIENTS/python/bin/python" -m pip install --quiet --no-deps \
            --require-hashes --requirement requirements.txt &&
        cp requirements.txt "$CLIENTS"
}

# No install script runs.
from_npm() {
    cmp -s package-lock.json "$CLIENTS/package-lock.json" && return
    rm -rf "$CLIENTS/node_modules" "$CLIENTS/npm"
    mkdir "$CLIENTS/npm" && cp package.json package-lock.json "$CLIENTS/npm" &&
        timeout 600 npm ci --prefix "$CLIENTS/npm" --ignore-scripts --no-audit --no-fund \
            --silent &&
        mv "$CLIENTS/npm/node_modules" "$CLIENTS" &&
        cp package-lock.json "$CLIENTS"
}

# Only Apache's program and modules: the package apache2 would start a service.
from_debian() {
    [ -x /usr/sbin/apache2 ] && [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] &&
        return
    [ "$(id -u)" = 0 ] && timeout 600 apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -y -qq \
            --no-install-recommends apache2-bin libapache2-mod-auth-openidc >/dev/null
}

from_pypi "$1" || echo 'the clients from PyPI could not be installed (Python 3.11?)'
from_npm || echo 'the clients from npm could not be installed'
from_debian || echo 'apache2-bin and libapache2-mod-auth-openidc could not be installed'

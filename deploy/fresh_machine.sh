#!/usr/bin/env bash
# Runs the README's two commands on a fresh machine: a minimal Debian, made by debootstrap,
# with nothing but what the README asks for, as an unprivileged user.
#
#     sudo deploy/fresh_machine.sh [all]
#
# `make run` goes on until the sign-in page has been shown. Of `make test` it runs the
# tests of runtime, host and functions; with `all`, all of it.
# Where it cannot make such a machine it says what is missing, and ends with 0.
set -euo pipefail
cd "$(dirname "$0")/.."

RELEASE=${RELEASE:-bookworm}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
PORT=${PORT:-18480}
SANDBOX_PORT=${SANDBOX_PORT:-18401}
PACKAGES=ca-certificates,make,python3,python3-venv
# How this machine reaches its package index, where that takes more than the default.
NETWORK='PIP_CERT PIP_INDEX_URL http_proxy https_proxy no_proxy'

aloud() { printf -- '-- %s\n' "$*"; }

missing() {
    [ "$(id -u)" = 0 ] || echo 'root'
    for tool in debootstrap chroot git unshare; do
        command -v "$tool" >/dev/null || echo "$tool"
    done
    ! command -v debootstrap >/dev/null || answers || echo "an answer from $MIRROR"
    unshare --mount --pid --fork true 2>/dev/null || echo 'the right to make namespaces'
}

# Asked for as debootstrap will ask.
answers() {
    [[ $MIRROR != http* ]] ||
        wget --quiet --spider --timeout=20 --tries=2 "$MIRROR/dists/$RELEASE/Release"
}

# A copy of what is committed, owned by the one who is to run it.
furnish() {
    local machine=$1
    debootstrap --variant=minbase --include="$PACKAGES" "$RELEASE" "$machine" "$MIRROR" \
        >"$machine.log" 2>&1 || { tail -n 20 "$machine.log" >&2 && return 1; }
    cp /etc/resolv.conf /etc/hosts "$machine/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/"
    chroot "$machine" useradd --create-home --shell /bin/bash newcomer
    mkdir "$machine/home/newcomer/gateway"
    git archive HEAD | tar --extract --directory "$machine/home/newcomer/gateway"
    chroot "$machine" chown --recursive newcomer: /home/newcomer
}

# In there, as that user; nothing that it starts outlives it.
inside() {
    local machine=$1 kept=() name
    for name in $NETWORK; do
        [ -z "${!name:-}" ] || kept+=("$name=${!name}")
    done
    unshare --mount --pid --fork --kill-child bash -euc '
        mount -t proc proc "$0/proc"
        mount --rbind /dev "$0/dev"
        code=0 # this shell stays, for a command has a parent on any machine
        chroot --userspec=newcomer "$0" env --ignore-environment --default-signal \
            HOME=/home/newcomer LANG=C.UTF-8 PATH=/usr/bin:/bin "${@:2}" \
            bash -euc "cd ~/gateway; $1" || code=$?
        exit $code
    ' "$machine" "$2" "${kept[@]}"
}

lacking=$(missing | paste -sd ' ')
if [ -n "$lacking" ]; then
    aloud "no fresh machine was made, for want of: $lacking"
    exit 0
fi

folder=$(mktemp --directory)
trap 'rm -rf --one-file-system "$folder"' EXIT
machine=$folder/machine

aloud "a minimal $RELEASE"
furnish "$machine"

aloud 'make run'
inside "$machine" "
    make run PORT=$PORT SANDBOX_PORT=$SANDBOX_PORT >/tmp/said 2>&1 &
    host=\$!
    for _ in {1..600}; do
        ! grep -q '^ready ' /tmp/said && kill -0 \$host 2>/dev/null || break
        sleep 1
    done
    cat /tmp/said
    python3 -c 'from urllib.request import urlopen
page = urlopen(\"http://127.0.0.1:$PORT/login\", timeout=20)
print(\"sign-in page:\", page.status)'
    kill -TERM \$host
    wait \$host || [ \$? = 143 ] # make says by which signal
"

if [ "${1:-}" = all ]; then
    aloud 'make test'
    inside "$machine" 'make test'
else
    aloud 'make test, of it runtime, host and functions'
    inside "$machine" '.venv/bin/python -m pytest -q --numprocesses=auto \
        tests/runtime tests/host tests/functions'
fi

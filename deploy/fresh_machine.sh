#!/usr/bin/env bash
# Runs the README's two commands on a fresh machine: a minimal Debian, created by
# debootstrap with only the packages that the README names, as an unprivileged user.
#
#     sudo deploy/fresh_machine.sh [all]
#
# `make run` runs until the sign-in page has been shown. From `make test` it runs the
# tests of management and the sign-in function; with `all`, all tests. At the end
# tests/fresh_machine types docs/deploying.md there, and installs in the other two ways:
# it needs this checkout's own .venv, `fun`, Node and CPython 3.10.
# If it cannot create such a machine, it says what is missing and exits with 0.
set -euo pipefail
cd "$(dirname "$0")/.."

RELEASE=${RELEASE:-bookworm}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
PORT=${PORT:-18480}
SANDBOX_PORT=${SANDBOX_PORT:-18401}
PACKAGES=ca-certificates,make,python3,python3-venv
# Variables with which this machine reaches its package index.
NETWORK='PIP_CERT PIP_INDEX_URL http_proxy https_proxy no_proxy'

say() { printf -- '-- %s\n' "$*"; }

missing() {
    [ "$(id -u)" = 0 ] || echo 'root'
    for tool in debootstrap chroot git unshare; do
        command -v "$tool" >/dev/null || echo "$tool"
    done
    ! command -v debootstrap >/dev/null || answers || echo "an answer from $MIRROR"
    unshare --mount --pid --fork true 2>/dev/null || echo 'the right to make namespaces'
}

# Tells whether the mirror answers, with the client that debootstrap uses.
answers() {
    [[ $MIRROR != http* ]] ||
        wget --quiet --spider --timeout=20 --tries=2 "$MIRROR/dists/$RELEASE/Release"
}

# Makes a copy of the commit, owned by the user who runs it.
make_machine() {
    local machine=$1
    debootstrap --variant=minbase --include="$PACKAGES" "$RELEASE" "$machine" "$MIRROR" \
        >"$machine.log" 2>&1 || { tail -n 20 "$machine.log" >&2 && return 1; }
    cp /etc/resolv.conf /etc/hosts "$machine/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/"
    chroot "$machine" useradd --create-home --shell /bin/bash newcomer
    mkdir "$machine/home/newcomer/wechat-gateway"
    git archive HEAD | tar --extract --directory "$machine/home/newcomer/wechat-gateway"
    chroot "$machine" chown --recursive newcomer: /home/newcomer
}

# Runs inside, as that user; no process outlives it.
inside() {
    local machine=$1 kept=() name
    for name in $NETWORK; do
        [ -z "${!name:-}" ] || kept+=("$name=${!name}")
    done
    unshare --mount --pid --fork --kill-child bash -euc '
        mount -t proc proc "$0/proc"
        mount --rbind /dev "$0/dev"
        code=0 # this shell stays: a command has a parent on any machine
        chroot --userspec=newcomer "$0" env --ignore-environment --default-signal \
            HOME=/home/newcomer LANG=C.UTF-8 PATH=/usr/bin:/bin "${@:2}" \
            bash -euc "cd ~/wechat-gateway; $1" || code=$?
        exit $code
    ' "$machine" "$2" "${kept[@]}"
}

lacking=$(missing | paste -sd ' ')
if [ -n "$lacking" ]; then
    say "no fresh machine was made, for want of: $lacking"
    exit 0
fi

folder=$(mktemp --directory)
trap 'rm -rf --one-file-system "$folder"' EXIT
machine=$folder/machine

say "a minimal $RELEASE"
make_machine "$machine"

say 'make run'
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
    wait \$host || [ \$? = 143 ] # make reports the signal
"

if [ "${1:-}" = all ]; then
    say 'make test'
    inside "$machine" 'make test'
else
    say 'make test, of it management and login'
    inside "$machine" '.venv/bin/python -m pytest -q --numprocesses=auto --maxprocesses=4 \
        tests/management tests/functions/login'
fi

say 'docs/deploying.md, and the other ways to install'
if [ -x .venv/bin/python ]; then
    FRESH_MACHINE=$machine unshare --mount .venv/bin/python -m pytest -q --durations=5 \
        tests/fresh_machine
else
    say 'left out: make setup makes the .venv that it needs'
fi

#!/usr/bin/env bash
# Installs this checkout, or an unpacked `git archive`, as a version of the gateway:
#
#     sudo deploy/systemd/install.sh
#
# It needs Python 3.10 or newer with venv (PYTHON= chooses one that every user can read)
# and a package index. It starts nothing: wechat-gateway-replace does. DESTDIR= puts all
# below another root.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 022

PYTHON=${PYTHON:-python3}
DESTDIR=${DESTDIR:-}
releases=$DESTDIR/opt/wechat-gateway/releases

die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

"$PYTHON" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' ||
    die 'Python 3.10 or newer with venv is needed: PYTHON= chooses one.'
commit=$("$PYTHON" -B -c 'from pathlib import Path
from deploy.package.revision import revision
print(revision(Path.cwd()))')
[ -n "$commit" ] || die 'This tree has changes, or no commit: commit them, or use git archive.'

mkdir -p "$releases"
work=$(mktemp -d "$releases/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
release=$work/release
mkdir "$release"
tar --create --exclude=__pycache__ --exclude='*.pyc' --exclude='*.mo' \
    functions host local_settings locale management runtime template docs/operating \
    local_host.py manage.py template.yml |
    tar --extract --no-same-owner --directory "$release"
printf '%s\n' "$commit" >"$release/REVISION"
version=$(cd "$release" && "$PYTHON" -B -c 'from runtime.version import version
print(version())')
[ ! -e "$releases/$version" ] || { echo "$version is installed already"; exit 0; }

# The environment has the packages of the lock, and no pip.
"$PYTHON" -m venv "$work/tools"
"$PYTHON" -m venv --without-pip "$release/.venv"
pip() { "$work/tools/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
pip --python "$release/.venv/bin/python" install --no-deps --only-binary=:all: \
    --require-hashes --requirement requirements-host.lock
pip install --no-deps --only-binary=:all: --require-hashes \
    --requirement requirements-catalogues.lock
pybabel() { "$work/tools/bin/pybabel" --quiet "$@"; }
pybabel compile --directory "$release/locale" --domain gateway
pybabel compile --directory "$release/management/locale" --domain manage
find "$release/locale" "$release/management" -name '*.po*' -delete
"$release/.venv/bin/python" -m compileall -q --invalidation-mode unchecked-hash \
    -x '/[.]venv/' "$release"
chmod -R a+rX,go-w "$release"
mv -T "$release" "$releases/$version"

install -D --mode=0644 deploy/systemd/wechat-gateway.socket \
    "$DESTDIR/etc/systemd/system/wechat-gateway.socket"
install -D --mode=0644 deploy/systemd/wechat-gateway@.service \
    "$DESTDIR/etc/systemd/system/wechat-gateway@.service"
install -D --mode=0755 deploy/systemd/replace.sh \
    "$DESTDIR/usr/local/sbin/wechat-gateway-replace"
install -D --mode=0755 deploy/systemd/manage.sh \
    "$DESTDIR/usr/local/sbin/wechat-gateway-manage"
settings=$DESTDIR/etc/wechat-gateway
mkdir -p "$settings"
chmod 0700 "$settings"
[ -e "$settings/gateway.env" ] ||
    install --mode=0600 deploy/systemd/gateway.env.example "$settings/gateway.env"
[ -n "$DESTDIR" ] || systemctl daemon-reload
echo "$version is installed; start it: wechat-gateway-replace $version"

#!/usr/bin/env bash
# Starts an installed version beside the one that runs, and then stops that one:
#
#     sudo wechat-gateway-replace [VERSION]
#
# Without VERSION it is the one that runs, with the settings of gateway.env as they are
# now. If the new instance is not well, it is stopped and the old one goes on.
set -euo pipefail

home=/opt/wechat-gateway
settings=/etc/wechat-gateway

die() { printf 'wechat-gateway-replace: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || die 'Run it as root.'
old='' new=a
for instance in a b; do
    if systemctl is-active --quiet "wechat-gateway@$instance.service"; then
        old=$instance
    fi
done
[ "$old" != a ] || new=b

version=${1:-$(basename "$(readlink "$home/$old" || true)")}
[ -n "$version" ] && [ -d "$home/releases/$version" ] ||
    die "Give a version: $(cd "$home/releases" && echo ./* | sed 's,[.]/,,g')"

ln -sfn "releases/$version" "$home/$new"
install --mode=0600 "$settings/gateway.env" "$settings/$new.env"
if ! systemctl restart "wechat-gateway@$new.service"; then
    systemctl stop "wechat-gateway@$new.service" || true
    # Without an instance, a connection would start one again.
    [ -n "$old" ] || systemctl stop wechat-gateway.socket || true
    die "$version is not well, see journalctl --unit=wechat-gateway@$new;" \
        "${old:+$(basename "$(readlink "$home/$old")") goes on.}"
fi
systemctl enable --quiet "wechat-gateway@$new.service"
if [ -n "$old" ]; then
    systemctl disable --quiet "wechat-gateway@$old.service"
    systemctl stop "wechat-gateway@$old.service"
fi
ln -sfn "releases/$version" "$home/current"
echo "$version runs as instance $new"

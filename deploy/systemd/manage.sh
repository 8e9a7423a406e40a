#!/usr/bin/env bash
# Runs manage.py of the version that runs, with its settings, as the service's user:
#
#     sudo wechat-gateway-manage app list
#
# The audit log names who has called sudo, or root.
set -euo pipefail

exec systemd-run --quiet --wait --collect --pipe --service-type=exec \
    --property=DynamicUser=yes --property=User=wechat-gateway \
    --property=StateDirectory=wechat-gateway --property=StateDirectoryMode=0700 \
    --property=UMask=0077 --property=ProtectHome=yes \
    --setenv=LOGNAME="${SUDO_USER:-root}" \
    --property=EnvironmentFile=/etc/wechat-gateway/gateway.env \
    --property=WorkingDirectory=/opt/wechat-gateway/current \
    /opt/wechat-gateway/current/.venv/bin/python manage.py "$@"

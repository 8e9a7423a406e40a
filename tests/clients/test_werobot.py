"""WeRoBot, which has WeChat's host in its code, calls WeChat's API."""

from __future__ import annotations

import json
import os
import subprocess

from tests.clients.services import PROGRAMS, python

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"
TIMEOUT = 60


def test_it_works_by_hosts_file_alone(host, wechat_port, tmp_path):
    """A user, a menu, media and a refusal, with the client's secret as AppSecret."""
    app = host.app("service")
    host.sandbox("DELETE", "/_sandbox/journal")
    surroundings = {
        "PATH": os.environ["PATH"],
        "APPID": app["appid"],
        "SECRET": host.secret,
        "OPENID": host.user()["openid"][app["appid"]],
        "PICTURE": JPEG.hex(),
        **wechat_port,
    }
    done = subprocess.run(
        [python(), PROGRAMS / "use_werobot.py"],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    error = told.pop("error")

    assert {"subscribe": 1, "button": "今日歌曲", "picture": JPEG.hex()} == told
    assert error.startswith("40003:")
    assert host.journal("/cgi-bin/media/upload")
    assert [] == host.journal("/cgi-bin/token")

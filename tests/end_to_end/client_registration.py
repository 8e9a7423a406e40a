"""Clients that an operator registers by manage.py, for libraries that sign in."""

from __future__ import annotations

import json

from tests.support.manage_process import run_manage

BACK = "http://127.0.0.1:8095/signed_in"
"""Where a client's browsers come back; a test looks at the address alone."""

HOME = "http://127.0.0.1:8095/"


def register_client(host, name, *options, back=BACK, apps=None):
    """Return `client_id` and, for one that is not public, `secret`.

    Without `apps` it may use the service account and the website app.
    """
    words = ["client", "add", name, "--json", f"--redirect-uri={back}"]
    words += [f"--post-logout-redirect-uri={HOME}"]
    apps = apps or [host.app(kind)["appid"] for kind in ("service", "website")]
    words += [f"--app={appid}" for appid in apps]
    done = run_manage(host.folder, *words, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

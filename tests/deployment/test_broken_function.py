"""Functions that cannot be loaded: the others go on, and the operator sees which."""

from __future__ import annotations

import json

import pytest

BROKEN = ("functions/oidc/index.py", "functions/refresh/index.py")


@pytest.fixture(scope="module")
def broken(deployment):
    """The deployment after an update that breaks two functions; repaired at the end."""
    sound = {
        deployment.tree / each: (deployment.tree / each).read_text() for each in BROKEN
    }
    future = "from __future__ import annotations\n"
    for source, text in sound.items():
        assert future in text
        source.write_text(text.replace(future, future + "import gone\n"))
    deployment.build()
    deployment.deploy()
    yield deployment
    for source, text in sound.items():
        source.write_text(text)
    deployment.build()
    assert 0 == deployment.deploy()[0]
    assert 400 == deployment.request("POST", "/oidc/token", body=b"").status


@pytest.mark.usefixtures("client")
def test_the_platform_names_the_file(broken):
    """FC's error and log name the file, and other functions go on."""
    answer = broken.request("POST", "/oidc/token", body=b"")
    error = json.loads(answer.data)
    others = [
        broken.request("GET", "/login", accept="text/html").status,
        broken.request("GET", "/cgi-bin/user/get").status,
    ]

    assert (502, "ImportModuleError") == (answer.status, error["errorType"])
    assert "No module named 'gone'" == error["errorMessage"]
    assert f"/code/{BROKEN[0]}" in json.dumps(error["stackTrace"])
    assert [200, 200] == others
    assert "Unhandled function error" in broken.compute.log.read_text()


@pytest.mark.usefixtures("broken", "client")
def test_smoke_names_the_functions(smoke):
    """The smoke test names only the failing functions, with FC's error."""
    code, said = smoke()

    assert 1 == code
    for name in ("oidc", "OpenID Connect", "refresh"):
        assert f"FAILED       {name}: ImportModuleError: No module named 'gone'" in said
    assert "failed: oidc, OpenID Connect, refresh" == said.splitlines()[-1]

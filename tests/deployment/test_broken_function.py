"""A function that cannot be loaded: the others serve, and the operator sees which."""

from __future__ import annotations

import json

import pytest

BROKEN = "functions/oidc/index.py"


@pytest.fixture(scope="module")
def broken(deployment):
    """The deployment after an update that breaks one function; mended in the end."""
    source = deployment.tree / BROKEN
    sound = source.read_text()
    future = "from __future__ import annotations\n"
    assert future in sound
    source.write_text(sound.replace(future, future + "import gone\n"))
    deployment.build()
    deployment.deploy()
    yield deployment
    source.write_text(sound)
    deployment.build()
    assert 0 == deployment.deploy()[0]
    assert 400 == deployment.request("POST", "/oidc/token", body=b"").status


@pytest.mark.usefixtures("client")
def test_the_platform_names_the_file(broken):
    """In FC's error, in its log, and for that function alone."""
    answer = broken.request("POST", "/oidc/token", body=b"")
    error = json.loads(answer.data)
    others = [
        broken.request("GET", "/login", accept="text/html").status,
        broken.request("GET", "/cgi-bin/user/get").status,
    ]

    assert (502, "ImportModuleError") == (answer.status, error["errorType"])
    assert "No module named 'gone'" == error["errorMessage"]
    assert f"/code/{BROKEN}" in json.dumps(error["stackTrace"])
    assert [200, 200] == others
    assert "Unhandled function error" in broken.compute.log.read_text()


@pytest.mark.usefixtures("broken", "client")
def test_smoke_names_the_function(smoke):
    """With the platform's own words for what is wrong, and no other function."""
    code, said = smoke()

    assert 1 == code
    assert "UNWELL       oidc: ImportModuleError: No module named 'gone'" in said
    assert "unwell: oidc" == said.splitlines()[-1]

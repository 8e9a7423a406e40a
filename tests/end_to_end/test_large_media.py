"""Media through an unmodified SDK: large files, their names, and links to them."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess

import pytest
import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from tests.end_to_end.gateway_adapter import WECHAT, GatewayAdapter
from tests.end_to_end.sdks import SDKS
from tests.support.developer_host import DeveloperHost

MB = 1024 * 1024
NAMED = "attachment; filename="


@pytest.fixture(scope="module")
def unlimited(tmp_path_factory):
    """A local host that passes answers of any size on."""
    folder = tmp_path_factory.mktemp("unlimited")
    with DeveloperHost(folder, "--fc_limits=false") as running:
        yield running


def sdk_of(host):
    client = WeChatClient(host.app("service")["appid"], host.secret)
    client._http.mount(WECHAT, GatewayAdapter(host.url))
    return client


def upload(sdk, size):
    """Upload a picture of this size; return its id and its bytes."""
    picture = b"\xff\xd8\xff\xe0" + os.urandom(size) + b"\xff\xd9"
    file = ("a.jpg", io.BytesIO(picture), "image/jpeg")
    return sdk.media.upload("image", file)["media_id"], picture


def test_a_large_file_goes_both_ways(unlimited):
    """Larger than Function Compute carries, with the name that SDKs look for."""
    sdk = sdk_of(unlimited)
    media_id, picture = upload(sdk, 9 * MB)
    answer = sdk.media.download(media_id)

    assert answer.content == picture
    assert answer.headers["Content-Length"] == str(len(picture))
    assert answer.headers["Content-Disposition"].startswith(NAMED)
    assert unlimited.get("/healthz").status == 200


@pytest.mark.parametrize("fc_limits", [False, True], ids=["unlimited", "as on FC"])
def test_node_easywechat_names_the_file(request, tmp_path, fc_limits):
    """As WeChat does, by the header that Function Compute drops."""
    host = request.getfixturevalue("host" if fc_limits else "unlimited")
    command, more = SDKS["node-easywechat"]()
    picture = base64.b64encode(b"\xff\xd8\xff\xe0" + b"a" * 2000 + b"\xff\xd9").decode()
    surroundings = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "APPID": host.app("service")["appid"],
        "SECRET": host.secret,
        "PICTURE": picture,
        "GATEWAY_URL": host.url,
        **{name: str(value) for name, value in more.items()},
    }
    done = subprocess.run(
        [*command, "download"],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr.decode()
    told = json.loads(done.stdout)

    if fc_limits:
        assert told["name"] is None
    else:
        assert f"{told['media']}.jpg" == told["name"]
        assert picture == told["saved"]


def test_in_development_it_is_told_what_would_fail(host):
    """A small file has its name in another header, a large one an error."""
    sdk = sdk_of(host)
    small, picture = upload(sdk, MB)
    answer = sdk.media.download(small)
    large, _ = upload(sdk, 9 * MB)
    refused = requests.get(
        f"{host.url}/cgi-bin/media/get",
        params={"media_id": large, "access_token": sdk.access_token},
        timeout=20,
    )

    assert answer.content == picture
    assert "Content-Disposition" not in answer.headers
    assert answer.headers["X-Gateway-Content-Disposition"].startswith(NAMED)
    assert refused.status_code == 502
    assert refused.json()["errcode"] == 45001
    with pytest.raises((WeChatClientException, requests.HTTPError)):
        sdk.media.download(large)


@pytest.mark.parametrize("size", [1000, 9 * MB])
def test_a_link_needs_no_token(unlimited, size):
    """The SDK's own URL has the gateway token; the link has none, and is in no log."""
    sdk = sdk_of(unlimited)
    appid, media_id = sdk.appid, upload(sdk, size)[0]
    asked = requests.get(
        f"{unlimited.url}/wechat_api/{appid}/media_url",
        params={"media_id": media_id},
        auth=("demo", unlimited.secret),
        timeout=20,
    )
    url = asked.json()["url"]
    shown = requests.get(url, timeout=20)

    assert sdk.access_token in sdk.media.get_url(media_id)
    assert sdk.access_token not in url
    assert shown.status_code == 200
    assert len(shown.content) == size + 6
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["Content-Disposition"].startswith("inline; filename=")
    assert requests.head(url, timeout=20).status_code == 200
    assert url.rpartition("/")[2] not in unlimited.log()

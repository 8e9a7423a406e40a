"""A user of a QR code gets a template message: the service learns the other openid."""

from __future__ import annotations

import json

import pytest

from tests.browser.sign_in.conftest import manage, register
from tests.browser.sign_in.service import Service
from tests.browser.sign_in.user import IN_WECHAT
from tests.support.scripted_wechat import basic


@pytest.fixture(scope="module")
def shop(shared_host):
    """A service that may know openids, and send messages by the service account."""
    kinds = ("service", "website")
    appids = [shared_host.app(kind)["appid"] for kind in kinds]
    with Service(shared_host.url) as running:
        running.client = register(shared_host, "Shop", running, appids)
        words = ("client", "update", "shop", "--openids", f"--app={appids[0]}")
        manage(shared_host, *words, "--scope", "/cgi-bin/*")
        yield running


@pytest.fixture
def send(host, shop):
    """Send a template message to an openid by the service account; return errcode."""
    appid = host.app("service")["appid"]

    def call(path, content):
        client = shop.client
        answer = host.http.request(
            "POST",
            f"{host.url}/wechat_api/{appid}{path}",
            headers={"Authorization": basic(client["client_id"], client["secret"])},
            json=content,
        )
        assert answer.status == 200, answer.data
        return json.loads(answer.data)

    def run(openid):
        added = call(
            "/cgi-bin/template/api_add_template", {"template_id_short": "TM00015"}
        )
        message = {"touser": openid, "template_id": added["template_id"]}
        message["data"] = {"keyword1": {"value": "到货了"}}
        return call("/cgi-bin/message/template/send", message)["errcode"]

    return run


def test_a_message_to_who_signed_in_by_qr_code(new_user, shop, service, host, send):
    """The user has been in WeChat's browser once, for another service even."""
    website, account = (host.app(kind)["appid"] for kind in ("website", "service"))
    me = host.user()
    phone = new_user(**IN_WECHAT)
    phone.open(f"{service.url}/oidc")
    phone.agree()
    phone.arrive(f"{service.url}/signed_in")
    assert "wechat_openids" not in phone.told()
    desktop = new_user()
    desktop.open(f"{shop.url}/oidc")
    desktop.on_the_phone("confirm")
    desktop.arrive(f"{shop.url}/signed_in")
    told = desktop.told()

    assert told["wechat_openid"] == me["openid"][website]
    assert told["wechat_openids"] == {
        website: me["openid"][website],
        account: me["openid"][account],
    }
    assert send(told["wechat_openids"][website]) != 0
    assert send(told["wechat_openids"][account]) == 0

"""Fields of apps and clients: a command sets each, or the gateway generates it."""

from __future__ import annotations

import shlex
from dataclasses import fields

import pytest

from runtime.gateway import Gateway
from runtime.operations.generated_fields import GENERATED
from runtime.registry.logo import MOST_BYTES, data_uri
from runtime.registry.models import App, Client, Rate
from runtime.settings import settings_from
from tests.management.conftest import APP_SECRET, APPID

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
ADD_APP = f"app add {APPID} --kind service --secret-stdin"
OF_APP = {
    "appid": ("", APPID),
    "kind": ("", "service"),
    "secret": ("", APP_SECRET),
    "token_mode": ("--token-mode plain", "plain"),
    "subject": ("--subject unionid", "unionid"),
    "js_domains": ("--js-domain a.cn b.cn", ("a.cn", "b.cn")),
    "api_hosts": ("--api-host api2.weixin.qq.com", ("api2.weixin.qq.com",)),
    "oauth_scope": ("--oauth-scope snsapi_base", "snsapi_base"),
    "mp_verify": ("--mp-verify Wh6xQ2Zn0pLk8RtV", ("Wh6xQ2Zn0pLk8RtV",)),
    "domain_proofs": (
        "--domain-proof WW_verify_Ab12.txt mp.txt=0f9de62fce790f9a",
        {"WW_verify_Ab12.txt": "Ab12\n", "mp.txt": "0f9de62fce790f9a"},
    ),
}
OF_CLIENT = {
    "client_id": ("--id desk", "desk"),
    "name": ("", "Orders"),
    "scopes": (f"--app {APPID} --scope /a", {APPID: ("/a",)}),
    "origins": ("--origin https://a.cn", ("https://a.cn",)),
    "redirect_uris": ("--redirect-uri https://a.cn/cb", ("https://a.cn/cb",)),
    "frame_origins": ("--frame-origin https://b.cn", ("https://b.cn",)),
    "rate": ("--rate 0.5/5", Rate(0.5, 5)),
    "session_key": ("--session-key", True),
    "public": ("--public", True),
    "native": ("--native", True),
    "pkce": ("--pkce optional", "optional"),
    "home": ("--home 'https://a.cn/#/start'", "https://a.cn/#/start"),
    "logo": ("--logo logo.svg", data_uri("image/svg+xml", SVG)),
    "favicon": ("--favicon logo.svg", data_uri("image/svg+xml", SVG)),
    "brand_colors": ("--brand-color #067a46 #2ecc7f", ("#067a46", "#2ecc7f")),
    "terms": ("--terms https://a.cn/terms", "https://a.cn/terms"),
    "privacy": ("--privacy https://a.cn/privacy", "https://a.cn/privacy"),
    "subject_type": ("--subject-type pairwise", "pairwise"),
    "snapshot_users": ("--snapshot-users deny", "deny"),
    "allow": ("--allow staff guests", ("staff", "guests")),
    "openids": ("--openids", True),
    "preset": ("--preset generic --redirect-uri https://a.cn/cb", "generic"),
    "introspects": ("--introspects shop app-2", ("shop", "app-2")),
    "email_domain": ("--email-domain people.a.cn", "people.a.cn"),
    "page_qr": ("--page-qr", True),
    "account_qr": ("--account-qr", True),
    "backchannel_logout_uri": (
        "--backchannel-logout-uri https://a.cn/out",
        "https://a.cn/out",
    ),
    "backchannel_logout_session_required": (
        "--backchannel-logout-session-required "
        "--backchannel-logout-uri https://a.cn/out",
        True,
    ),
    "confirm": ("--confirm tap", "tap"),
    "js_domains": ("--js-domain a.cn b.cn", ("a.cn", "b.cn")),
    "post_logout_redirect_uris": (
        "--post-logout-redirect-uri https://a.cn/bye http://localhost:3000/",
        ("https://a.cn/bye", "http://localhost:3000/"),
    ),
}


OF_PUSHES = {"token", "encoding_aes_key", "previous_token", "previous_encoding_aes_key"}
"""Fields of an app that --push asks for, and that a new one replaces."""

OF_COMPONENT = {"authorized_defaults"}

OF_WECOM = {"corpid", "name", "robots", "groups_from_departments", "receive_ids"}

OF_ROUTES = {"routes"}
"""Fields of an app that `push route` changes."""

ATTRIBUTES = {"scopes": "scopes_by_app"}
"""Fields of a document that the model names otherwise."""


def registry(environ):
    return Gateway(settings_from(environ)).registry


def test_no_field_is_forgotten():
    """Each field that the registry reads is in the tables here, or generated."""
    attributes = {ATTRIBUTES.get(field, field) for field in OF_CLIENT}

    others = {"revision", "authorizers", *OF_COMPONENT}
    of_app = {*OF_APP, *OF_PUSHES, *OF_ROUTES, *OF_WECOM, *others}
    assert {each.name for each in fields(App)} == of_app
    of_client = {*attributes, *GENERATED, "default_apps"}
    assert {each.name for each in fields(Client)} == of_client
    assert set(GENERATED) == {"secret_hashes", "pairwise_salt", "epoch", "disabled"}


@pytest.mark.parametrize("field", OF_APP)
def test_a_field_of_an_app(manage, environ, tmp_path, field):
    """What the option says is what the gateway reads."""
    (tmp_path / "WW_verify_Ab12.txt").write_text("Ab12\n")
    option, value = OF_APP[field]
    done = manage(f"{ADD_APP} {option}", typed=APP_SECRET)

    assert (0, "") == (done.code, done.errors)
    assert value == getattr(registry(environ).app(APPID), field)


def test_defaults_of_a_components_accounts(manage, environ):
    """A list has commas; a field that no account may have is refused."""
    add = f"app add {APPID} --kind component --secret-stdin --authorized-default"
    done = manage(f"{add} subject=unionid js_domains=a.cn,b.cn", typed=APP_SECRET)
    assert (0, "") == (done.code, done.errors)
    expected = {"subject": "unionid", "js_domains": ["a.cn", "b.cn"]}
    assert registry(environ).app(APPID).authorized_defaults == expected

    refused = manage(f"app update {APPID} --authorized-default token=abc")
    assert (1, True) == (refused.code, "--authorized-default " in refused.errors)
    assert manage(f"app update {APPID} --authorized-default subject").code == 2


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("What to enter in WeCom's administration, work.weixin.qq.com:",)),
        (
            "zh_CN.UTF-8",
            ("要在企业微信管理后台 work.weixin.qq.com 填写的内容", "企业可信IP"),
        ),
    ],
)
def test_what_to_enter_at_wecom(manage, environ, monkeypatch, language, words):
    """The callback URL, the domain with its file, and the trusted addresses."""
    monkeypatch.setenv("LC_ALL", language)
    named = "--kind wecom --corpid ww0123456789abcdef --agentid 1000002"
    done = manage(f"app add {named} --secret-stdin", typed="s" * 43)
    told = " ".join(done.output.split())
    common = ("/wechat_event/ww0123456789abcdef-1000002", "WW_verify_X.txt", "60020")
    for each in (*words, *common):
        assert each in told
    assert "app check ww0123456789abcdef-1000002" in told


def test_an_app_of_wecom(manage, environ):
    """Named by corpid and agentid, with robots whose keys are asked for."""
    secret, key = "s" * 43, "0a1b2c3d-aaaa-bbbb-cccc-0123456789ab"
    corpid = "ww0123456789abcdef"
    named = f"--kind wecom --corpid {corpid} --agentid 1000002"
    words = f"app add {named} --robot alarms --groups-from-departments --secret-stdin"
    done = manage(f"{words} --json", typed=f"{secret}\n{key}")
    assert (0, "") == (done.code, done.errors)
    assert done.json["appid"] == f"{corpid}-1000002"
    assert done.json["robots"] == ["alarms"]

    update = f"app update {corpid}-1000002 --robot backup --secret-stdin"
    assert manage(update, typed=key[::-1]).code == 0
    app = registry(environ).app(f"{corpid}-1000002")
    assert app.robots == {"alarms": key, "backup": key[::-1]}
    assert (app.secret, app.groups_from_departments) == (secret, True)

    appid = f"{corpid}-1000002"
    added = manage(f"client add Orders --app {appid} --default-app {appid} --json")
    client = registry(environ).client(added.json["client_id"])
    assert client.default_apps == {corpid: "1000002"}
    refused = manage(f"client update orders --default-app {corpid}-kf")
    assert (refused.code, "--default-app" in refused.errors) == (1, True)

    shown = manage(f"document show apps/{corpid}-1000002")
    assert "alarms" in shown.output
    assert key not in shown.output


@pytest.mark.parametrize("field", OF_CLIENT)
def test_a_field_of_a_new_client(manage, app, environ, tmp_path, field):
    """It is kept, and shown afterwards."""
    (tmp_path / "logo.svg").write_bytes(SVG)
    option, value = OF_CLIENT[field]
    added = manage(shlex.split(f"client add Orders {option} --json")).json

    id_ = added["client_id"]
    client = registry(environ).client(id_)
    assert value == getattr(client, ATTRIBUTES.get(field, field))
    assert field in manage(f"client show {id_} --json").json


@pytest.mark.parametrize("field", [each for each in OF_CLIENT if OF_CLIENT[each][0]])
def test_a_field_of_a_client_that_is_there(manage, app, environ, tmp_path, field):
    """It is changed, and dropped again by its name; an id is for good."""
    (tmp_path / "logo.svg").write_bytes(SVG)
    option, value = OF_CLIENT[field]
    manage("client add Orders")
    done = manage(shlex.split(f"client update orders {option} --json"))
    if field == "client_id":
        assert (2, True) == (done.code, "--id" in done.errors)
        return

    client = registry(environ).client("orders")
    assert value == getattr(client, ATTRIBUTES.get(field, field))
    if field != "scopes":
        cleared = manage(f"client update orders --clear {field} --json")
        assert field not in cleared.json


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "logo.png cannot be read: No such file or directory."),
        (b"GIF89a", "logo.png is no PNG, JPEG, WebP or SVG."),
        (
            b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES),
            "--logo must have 24576 bytes at most.",
        ),
    ],
)
def test_a_file_that_is_no_logo(manage, tmp_path, content, said):
    """It is said in a sentence, and nothing is kept."""
    if content is not None:
        (tmp_path / "logo.png").write_bytes(content)
    done = manage("client add Orders --logo logo.png")

    assert (1, f"manage.py: {said}\n") == (done.code, done.errors)
    assert {"clients": []} == manage("client list --json").json


def test_a_public_client_is_told_no_secret(manage):
    """A client that is no longer public gets its secret, with the note beside it."""
    page = manage("client add Page --public").output
    assert "secret " not in page
    assert "shown this once" not in page
    done = manage("client rotate page")
    assert (1, "manage.py: A public client has no secret.\n") == (
        done.code,
        done.errors,
    )

    assert "The secret is shown this once." in (
        manage("client update page --no-public").output
    )


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--allow anyone", "anyone"),
        ("--allow known", "known"),
        ("--allow staff", ("staff",)),
    ],
)
def test_who_may_sign_in(manage, environ, option, value):
    """One of the two words, or groups."""
    manage(f"client add Orders --id desk {option}")

    assert registry(environ).client("desk").allow == value


def test_a_word_is_no_group(manage):
    """`--allow known staff` would be a group that nobody can be in."""
    done = manage("client add Orders --allow known staff")

    assert (1, True) == (done.code, "allow number 1 must be" in done.errors)

"""First steps of an operator in a deployment, and a user's sign-in."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.deployment.gateway import DOMAIN, path_of


def add_apps(gateway):
    """Make the simulated accounts the gateway's apps; return their appids by kind."""
    appids = {}
    for app in gateway.sandbox("GET", "/apps"):
        appids[app["kind"]] = appid = app["appid"]
        if app["kind"] in ("service", "website"):
            changed = {"appid": appid, "callback_domain": DOMAIN}
            gateway.sandbox("POST", "/apps", changed)
            words = ("app", "add", appid, "--kind", app["kind"])
            subject = ("--subject", "unionid", "--secret-stdin")
            gateway.manage(*words, *subject, typed=app["secret"])
    return appids


def add_client(gateway, appids):
    """Make the client `demo`; return its document with its secret."""
    words = ["client", "add", "Demo", "--id", "demo"]
    for kind in ("service", "website"):
        words += ["--app", appids[kind], "--scope", "/*"]
    return gateway.manage(*words)


def token_query(appid, secret):
    """Return the query with which an SDK asks for its token."""
    fields = {"grant_type": "client_credential", "appid": appid, "secret": secret}
    return f"/cgi-bin/token?{urlencode(fields)}"


def sign_in(gateway, ask):
    """Sign a user in inside WeChat; return the session's cookie.

    `ask(method, target, **headers)` gives status, header pairs and JSON or None.
    """
    status, headers, page = ask("GET", "/login?next=/login/me", **_JSON)
    assert 200 == status, page
    consent = page["wechat"]["url"]
    assert "允许" in gateway.open_wechat(consent).data.decode()
    callback = gateway.open_wechat(consent, answer="allow").headers["location"]
    assert callback.startswith(f"https://{DOMAIN}/oauth_callback/")
    flow = _cookie(headers)
    status, headers, _ = ask("GET", path_of(callback), cookie=flow)
    location = next(value for name, value in headers if name.lower() == "location")
    assert (303, "/login/me") == (status, path_of(location))
    return _cookie(headers)


_JSON = {"accept": "application/json"}


def _cookie(headers):
    """Return the one cookie that an answer sets, as a browser sends it back."""
    (header,) = [value for name, value in headers if name.lower() == "set-cookie"]
    assert "Secure" in header
    assert "HttpOnly" in header
    return header.partition(";")[0]

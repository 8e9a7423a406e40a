"""A business service whose users sign in with WeChat through the gateway.

    python examples/business_service.py [--port=8090] [--gateway=http://127.0.0.1:8080]

Start it in the folder where the gateway runs. It shows two methods:

    /orders     @authenticated, with the gateway's own cookie. The browser sends it
                because both are on one host name: a cookie does not depend on the port,
                so 127.0.0.1:8090 gets the cookie of 127.0.0.1:8080; localhost does not.
    /sign_in    WeChat's form of OAuth, for a service on any host name.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tornado.log import access_log
from tornado.options import define, options, parse_command_line
from tornado.template import DictLoader
from tornado.web import Application, authenticated

# Started by its path, Python would look for `client` only in this folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from client.gateway_auth import GatewayAuthHandler, cookie_settings
from client.wechat_oauth import WeChatAuthError, WeChatOAuth2Mixin

PAGE = """<!doctype html>
<html lang="{{ say("en", "zh-CN") }}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; --line: #8888; --green: #067a46; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 1rem/1.6 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
main { width: min(26rem, 100% - 4rem); padding: 1.5rem; text-align: center;
  border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin-top: 0; }
img { width: 4rem; height: 4rem; border-radius: .5rem; }
a, button { display: block; width: 100%; box-sizing: border-box; padding: .7rem;
  margin-top: .75rem; border: 1px solid var(--green); border-radius: .5rem;
  font: inherit; text-decoration: none; cursor: pointer; }
a { background: var(--green); color: #fff; }
button { background: none; color: inherit; }
</style>
<main>
<h1>{{ title }}</h1>
{% if notice %}<p role="alert">{{ notice }}</p>{% end %}
{% if profile %}
{% if profile["picture"] %}<img src="{{ profile["picture"] }}" alt="">{% end %}
<p>{{ say("Signed in as", "已登录：") }} <strong>{{ profile["name"] }}</strong></p>
{% end %}
{% if profile and own %}
<form method="post" action="/sign_out">{% module xsrf_form_html() %}
<button>{{ say("Sign out", "退出登录") }}</button></form>
{% elif profile %}
<a href="{{ handler.get_logout_url() }}">{{ say("Sign out", "退出登录") }}</a>
{% else %}
<a href="/orders">{{ say("My orders", "我的订单") }}</a>
<a href="/sign_in">{{ say("Sign in with WeChat", "微信登录") }}</a>
{% end %}
</main>
"""


class Page(GatewayAuthHandler):
    """The base of all handlers: one page, in Chinese or English."""

    def set_default_headers(self) -> None:
        policy = "default-src 'none'; style-src 'unsafe-inline'; img-src http: https:"
        kept_out = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        self.set_header("Content-Security-Policy", f"{policy}; {kept_out}")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")

    def say(self, english: str, chinese: str) -> str:
        """Return the sentence in the browser's language."""
        accepted = self.request.headers.get("Accept-Language", "")
        return chinese if accepted.lower().startswith("zh") else english

    def own_profile(self) -> Any:
        """Return the profile in this service's own cookie, or None."""
        text = self.get_signed_cookie("business_user", min_version=2)
        return json.loads(text) if text else None

    def show(self, profile: object, *, own: bool = False, notice: str = "") -> None:
        """Show the user, or the links to sign in; `own` if by this service's cookie."""
        title = self.say("Business service", "业务服务")
        page = {"title": title, "profile": profile, "own": own, "notice": notice}
        self.render("page.html", say=self.say, **page)


class Home(Page):
    """The user who is signed in by this service's own cookie."""

    def get(self) -> None:
        self.show(self.own_profile(), own=True)


class Orders(Page):
    """A page for users with the gateway's cookie."""

    @authenticated
    async def get(self) -> None:
        profile = await self.get_gateway_profile()
        if profile is None:  # signed out elsewhere, which the cookie does not show
            self.redirect(self.get_login_url())
            return
        self.show(profile)


class SignIn(WeChatOAuth2Mixin, Page):
    """The redirect to the gateway, in place of WeChat."""

    def get(self) -> None:
        in_wechat = "MicroMessenger" in self.request.headers.get("User-Agent", "")
        scope = None if in_wechat else ["snsapi_login"]  # else by QR code
        self.authorize_redirect(self.settings["redirect_uri"], scope=scope)


class SignedIn(WeChatOAuth2Mixin, Page):
    """The callback URL."""

    async def get(self) -> None:
        try:
            self.check_state()
            code = self.get_query_argument("code", "")
            profile = await self._profile(code) if code else None
        except WeChatAuthError:
            if self.own_profile():  # by Back or a reload
                self.redirect("/")
                return
            self.set_status(400)
            notice = self.say(
                "That did not work. Please try again.", "登录失败，请重试。"
            )
            self.show(None, notice=notice)
            return
        if profile is None:
            self.show(None, notice=self.say("You did not agree.", "你没有同意登录。"))
            return
        text = json.dumps(profile)
        self.set_signed_cookie("business_user", text, httponly=True, samesite="Lax")
        self.redirect("/")

    async def _profile(self, code: str) -> dict[str, str]:
        access = await self.get_authenticated_user(self.settings["redirect_uri"], code)
        who = {name: access[name] for name in ("access_token", "openid")}
        profile = await self.wechat_request("/sns/userinfo", **who)
        name, picture = profile.get("nickname", ""), profile.get("headimgurl", "")
        return {"openid": who["openid"], "name": name[:40], "picture": picture}


class SignOut(Page):
    """The end of this service's own session; Tornado has checked the form's _xsrf."""

    def post(self) -> None:
        self.clear_cookie("business_user")
        self.redirect("/")


def make_application(service_url: str, gateway_url: str) -> Application:
    """Return the application; its secrets are in the environment or in .local/."""
    secret = os.environ.get("CLIENT_SECRET") or _kept("demo_client.json", "secret")
    client = {"key": os.environ.get("CLIENT_ID", "demo"), "secret": secret}
    cookies = os.environ.get("COOKIE_SECRETS") or _kept(
        "secrets.json", "COOKIE_SECRETS"
    )
    pages = [("/", Home), ("/orders", Orders), ("/sign_out", SignOut)]
    oauth = [("/sign_in", SignIn), ("/signed_in", SignedIn)]
    return Application(
        [*pages, *oauth],
        gateway_url=gateway_url,
        service_url=service_url,
        redirect_uri=f"{service_url}/signed_in",
        wechat_oauth={**client, "open_url": gateway_url, "api_url": gateway_url},
        **cookie_settings(cookies),
        xsrf_cookies=True,
        xsrf_cookie_name="business_xsrf",  # other services share the host name
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax"},
        template_loader=DictLoader({"page.html": PAGE}),
        log_function=_log,
    )


def _log(handler: GatewayAuthHandler) -> None:
    # Tornado's own log line has the query, and so the code.
    request, status = handler.request, handler.get_status()
    access_log.info("%d %s %s", status, request.method, request.path)


def _kept(file: str, name: str) -> str:
    path = Path(".local") / file
    if not path.exists():
        sys.exit(f"{path} is missing: start the gateway in this folder with `make run`")
    return str(json.loads(path.read_text("utf-8"))[name])


async def _serve() -> None:
    service_url = f"http://127.0.0.1:{options.port}"
    application = make_application(service_url, options.gateway.rstrip("/"))
    application.listen(options.port, "127.0.0.1")
    print(f"ready {service_url}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    define("port", default=8090, help="port to listen on")
    define("gateway", default="http://127.0.0.1:8080", help="base URL of the gateway")
    parse_command_line()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve())

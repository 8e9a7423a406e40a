"""The clients that sign users in here, and the table of them in the documentation.

`python -m tests.clients.catalogue` prints the table.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
OIDC, WECHAT = "OpenID Connect", "WeChat"


@dataclass(frozen=True)
class Client:
    """A client, the program that uses it, and how it is registered.

    `back` are the paths of its redirect URIs; the preset of a product has its own, and
    what it prints is the program's configuration.  Users begin at `start`, where they
    press `press`, and arrive at `me`, which tells `claims`; `ready` answers once the
    program can serve.  A sign-out begins at `logout` and ends at `left`.  An answer by
    `form_post` needs cookies that browsers send only by TLS.
    """

    name: str
    source: str
    program: str
    back: tuple[str, ...]
    options: tuple[str, ...] = ()
    preset: str = "generic"
    protocol: str = OIDC
    qr_code: bool = False
    form_post: bool = False
    start: str = "/login"
    press: str | None = None
    me: str = "/me"
    claims: tuple[str, ...] = ("sub", "name")
    refresh: str | None = None
    logout: str | None = None
    left: str = "/"
    ready: str = "/"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version that is installed for the tests."""
        return version_of(self.source, self.name)

    @property
    def is_product(self) -> bool:
        """Whether it is a product with a preset of its own, for known users alone."""
        return self.preset in ("jupyterhub", "mod_auth_openidc")

    @property
    def title(self) -> str:
        """The name of the client as an operator would register it."""
        more = " form_post" if self.form_post else ""
        return f"{self.name} {self.protocol.split()[0]}{more}"


PKCE_OPTIONAL = "--pkce=optional"
EMAIL = "--email-domain=example.com"
_WITH_QR_CODE = {"protocol": WECHAT, "qr_code": True}

CLIENTS = (
    Client(
        "Authlib",
        "PyPI",
        "use_authlib.py",
        back=("/callback",),
        options=(PKCE_OPTIONAL,),
    ),
    Client(
        "django-allauth",
        "PyPI",
        "use_allauth.py",
        back=("/accounts/oidc/wechat-gateway/login/callback/",),
        start="/accounts/oidc/wechat-gateway/login/",
        press="button",
        environment={"PROVIDER": "openid_connect"},
    ),
    Client(
        "Flask-OIDC",
        "PyPI",
        "use_flask_oidc.py",
        back=("/authorize",),
        options=(PKCE_OPTIONAL, EMAIL),
        start="/me",
        claims=("sub", "email"),
    ),
    Client(
        "idpyoidc",
        "PyPI",
        "use_idpyoidc.py",
        back=("/callback",),
        options=(PKCE_OPTIONAL,),
        refresh="/refresh",
        logout="/logout",
    ),
    Client(
        "mozilla-django-oidc",
        "PyPI",
        "use_mozilla_django_oidc.py",
        back=("/oidc/callback/",),
        options=(PKCE_OPTIONAL, EMAIL),
        start="/oidc/authenticate/",
        claims=("email",),
        refresh="/expire",
    ),
    Client(
        "oauthenticator",
        "PyPI",
        "jupyterhub_config.py",
        back=(),
        preset="jupyterhub",
        start="/hub/login",
        press="text=Sign in with",
        me="/hub/home",
        claims=("preferred_username",),
        ready="/hub/health",
    ),
    Client(
        "requests-oauthlib",
        "PyPI",
        "use_requests_oauthlib.py",
        back=("/callback",),
        refresh="/refresh",
    ),
    Client(
        "social-auth-core",
        "PyPI",
        "use_social_auth.py",
        back=("/complete/oidc/",),
        options=(PKCE_OPTIONAL,),
        press="button",
        refresh="/refresh",
        environment={"BACKEND": "oidc"},
    ),
    Client(
        "@auth/core",
        "npm",
        "use_auth_js.mjs",
        back=("/auth/callback/oidc",),
        start="/auth/signin?callbackUrl=/me",
        press="button",
        environment={"PROVIDER": "oidc"},
    ),
    Client(
        "better-auth",
        "npm",
        "use_better_auth.mjs",
        back=("/api/auth/callback/gateway",),
        options=(EMAIL,),
        claims=("sub", "name", "email"),
        refresh="/refresh",
        environment={"PROVIDER": "oidc"},
    ),
    Client(
        "express-openid-connect",
        "npm",
        "use_express_openid_connect.cjs",
        back=("/callback",),
        start="/me",
        refresh="/refresh",
        logout="/logout",
        left="",
    ),
    Client(
        "express-openid-connect",
        "npm",
        "use_express_openid_connect.cjs",
        back=("/callback",),
        form_post=True,
        start="/me",
        environment={"RESPONSE_MODE": "form_post"},
    ),
    Client(
        "oidc-client-ts",
        "npm",
        "use_oidc_client_ts.cjs",
        back=("/callback",),
        preset="spa",
        logout="/logout",
    ),
    Client(
        "passport-openidconnect",
        "npm",
        "use_passport_openidconnect.cjs",
        back=("/callback",),
        options=(PKCE_OPTIONAL,),
    ),
    Client(
        "libapache2-mod-auth-openidc",
        "Debian",
        "mod_auth_openidc.conf",
        back=(),
        preset="mod_auth_openidc",
        start="/me",
        refresh="/me",
        logout="/redirect_uri?logout={here}/",
    ),
    Client(
        "django-allauth",
        "PyPI",
        "use_allauth.py",
        back=("/accounts/weixin/login/callback/",),
        start="/accounts/weixin/login/",
        press="button",
        claims=("openid", "name"),
        environment={"PROVIDER": "weixin"},
        **_WITH_QR_CODE,
    ),
    Client(
        "social-auth-core",
        "PyPI",
        "use_social_auth.py",
        back=("/complete/weixin/",),
        press="button",
        claims=("openid", "name"),
        environment={"BACKEND": "weixin"},
        **_WITH_QR_CODE,
    ),
    Client(
        "wechatpy",
        "PyPI",
        "use_wechatpy.py",
        back=("/callback",),
        protocol=WECHAT,
        claims=("openid", "unionid", "name"),
        refresh="/refresh",
    ),
    Client(
        "@auth/core",
        "npm",
        "use_auth_js.mjs",
        back=("/auth/callback/wechat",),
        protocol=WECHAT,
        start="/auth/signin?callbackUrl=/me",
        press="button",
        claims=("unionid", "name"),
        environment={"PROVIDER": "wechat"},
    ),
    Client(
        "better-auth",
        "npm",
        "use_better_auth.mjs",
        back=("/api/auth/callback/wechat",),
        claims=("unionid", "name"),
        refresh="/refresh",
        environment={"PROVIDER": "wechat"},
        **_WITH_QR_CODE,
    ),
    Client(
        "co-wechat-oauth",
        "npm",
        "use_co_wechat_oauth.cjs",
        back=("/callback",),
        protocol=WECHAT,
        claims=("openid", "unionid", "name"),
        refresh="/refresh",
    ),
    Client(
        "passport-weixin",
        "npm",
        "use_passport_weixin.cjs",
        back=("/callback",),
        claims=("unionid", "name"),
        **_WITH_QR_CODE,
    ),
)


def table() -> list[str]:
    """Return the rows of the documentation's table."""
    return [
        f"| {each.name} | {each.version} | {each.source} | {each.protocol} "
        f"| {_registered(each)} | {_run(each)} |"
        for each in CLIENTS
    ]


def version_of(source: str, name: str) -> str:
    """Return the version of a package that is installed for the tests."""
    return _VERSIONS[source](name)


def _registered(client: Client) -> str:
    words = (f"--preset={client.preset}", *client.options)
    return ", ".join(f"`{each.replace('=', ' ')}`" for each in words)


def _run(client: Client) -> str:
    more = [name for name in ("refresh", "logout") if getattr(client, name)]
    sign_in = "sign-in by `form_post`" if client.form_post else "sign-in"
    return ", ".join([sign_in, *more])


def _from_pypi(name: str) -> str:
    locked = (HERE / "requirements.txt").read_text("utf-8")
    pin = rf"^{re.escape(name)}==(\S+)"
    return re.search(pin, locked, re.MULTILINE | re.IGNORECASE)[1]


def _from_npm(name: str) -> str:
    return json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"][name]


_VERSIONS = {"PyPI": _from_pypi, "npm": _from_npm, "Debian": lambda _: "2.4.12"}

if __name__ == "__main__":
    print("\n".join(table()))

"""Setup of a developer's machine: missing settings, and what they stand for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from host.cannot_start import CannotStart
from host.developer import embedded_redis, sandbox_process
from host.developer.embedded_redis import RunningRedis
from host.processes.children import Children
from local_settings.secrets_file import NAMES, read_or_make_secrets
from local_settings.settings_file import FOLDER, save_settings

if TYPE_CHECKING:
    from host.developer.seed import DemoClient

_PLATFORM = ("WECHAT_API_URL", "WECHAT_OPEN_URL")
_ACCOUNTS = "WECHAT_MP_URL"
"""By default on the host of WECHAT_OPEN_URL, as in the sandbox."""

_WECOM = {"WECOM_API_URL": "/qyapi", "WECOM_LOGIN_URL": ""}
"""Where WeCom's hosts are in the sandbox: their paths collide with WeChat's."""

THIS_MACHINE = "127.0.0.0/8,::1/128"
"""Where a developer's own services listen, and routes of pushes may lead."""

_STAND_IN = "Redis: fakeredis, a stand-in that keeps nothing; no redis-server was found"


@dataclass(frozen=True, slots=True)
class Machine:
    """The host's URL, and the port for the sandbox."""

    url: str
    sandbox_port: int


def set_up(
    environ: MutableMapping[str, str],
    *,
    machine: Machine,
    children: Children,
    start_redis: Callable[[Path], RunningRedis] = embedded_redis.start,
) -> list[str]:
    """Fill in missing settings and start what they name; return lines to print.

    A developer who sets REDIS_URL gets no embedded Redis; who sets the WECHAT_* URLs
    gets no sandbox; a config that CONFIG_URL names is not changed. What is started is
    added to `children`. A complete set, as after a reload, starts and changes nothing.
    """
    lines = []
    before = dict(environ)
    own_config = not _is_missing(environ, "CONFIG_URL")
    _default(environ, {"PUBLIC_BASE_URL": machine.url})
    _default(environ, {"CONFIG_URL": f"file:{FOLDER}/config"})
    _default(environ, {"PUSH_PRIVATE_NETWORKS": THIS_MACHINE})
    if any(_is_missing(environ, name) for name in NAMES):
        _default(environ, read_or_make_secrets(FOLDER / "secrets.json"))
    if _is_missing(environ, "REDIS_URL"):
        redis = start_redis(FOLDER / "redis")
        children.add(redis.process.pid)
        environ["REDIS_URL"] = redis.url
        lines += [] if redis.keeps else [_STAND_IN]
    sandbox_url = _with_sandbox(environ, machine, children)
    if sandbox_url and not own_config:
        lines += _with_demo(environ, machine, sandbox_url)
    if environ != before and not own_config:
        save_settings(environ)
    return lines


def _with_sandbox(
    environ: MutableMapping[str, str], machine: Machine, children: Children
) -> str | None:
    missing = [name for name in _PLATFORM if _is_missing(environ, name)]
    if not missing:
        _default(environ, {_ACCOUNTS: environ[_PLATFORM[1]]})
        return None
    if len(missing) < len(_PLATFORM):
        # The sandbox's pages would not work with the real API.
        raise CannotStart(
            f"{missing[0]}: set both {' and '.join(_PLATFORM)}, or neither"
        )
    log = FOLDER / "sandbox.log"
    sandbox = sandbox_process.start(machine.sandbox_port, log=log)
    children.add(sandbox.process.pid)
    _default(environ, dict.fromkeys((*_PLATFORM, _ACCOUNTS), sandbox.url))
    _default(environ, {name: sandbox.url + path for name, path in _WECOM.items()})
    return sandbox.url


def _with_demo(
    environ: MutableMapping[str, str], machine: Machine, sandbox_url: str
) -> list[str]:
    # A host whose settings are complete does not need the gateway's modules here.
    from host.developer.seed import seed
    from runtime.gateway import Gateway
    from runtime.settings import settings_from

    _default(environ, {"LOGIN_CLIENT": "demo"})
    documents = Gateway(settings_from(environ)).documents
    demo = seed(documents, sandbox_url=sandbox_url, gateway_url=machine.url)
    return _first_steps(machine.url, sandbox_url, demo)


def _first_steps(url: str, sandbox_url: str, demo: DemoClient) -> list[str]:
    appid = demo.appids[0]
    token = f"{url}/cgi-bin/token?grant_type=client_credential&appid={appid}"
    message = {"MsgType": "text", "Content": "hello"}
    push = json.dumps({"appid": appid, "mode": "safe", "message": message})
    return [
        "",
        "1. Sign in: open the first URL, and scan its QR code on the phone below.",
        f"   {url}/login?next=/login/me",
        f"   {sandbox_url}/_sandbox/phone",
        "2. Call WeChat as an SDK does, by a token of the gateway's.",
        f"   TOKEN=$(curl -s '{token}&secret={demo.secret}' | cut -d'\"' -f4)",
        f'   curl "{url}/cgi-bin/user/get?access_token=$TOKEN"',
        "3. Let WeChat push a message, and see what became of it.",
        f"   curl {sandbox_url}/_sandbox/push -d '{push}'",
        f"   .venv/bin/python manage.py push list {appid}",
        "4. See whether all is well, and what WeChat was asked; let it fail.",
        "   .venv/bin/python manage.py status",
        f"   {sandbox_url}/_sandbox/",
        "",
        f"client {demo.client_id}, secret {demo.secret}",
        f"apps {' '.join(demo.appids)}",
    ]


def _is_missing(environ: Mapping[str, str], name: str) -> bool:
    return not environ.get(name, "").strip()


def _default(environ: MutableMapping[str, str], values: Mapping[str, str]) -> None:
    environ.update({k: v for k, v in values.items() if _is_missing(environ, k)})

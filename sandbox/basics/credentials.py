"""Checks of appid, grant_type and secret, in WeChat's order."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from sandbox.errors import WeChatError
from sandbox.world import App, World


def known_app(world: World, appid: object) -> App:
    """Return the app; WeChatError 41002 without an appid, 40013 for a wrong one."""
    if appid in (None, ""):
        raise WeChatError(41002)
    app = world.apps.get(appid) if isinstance(appid, str) else None
    if app is None:
        raise WeChatError(40013)
    return app


def check_grant_type(given: object, wanted: str) -> None:
    """Refuse another grant_type with WeChatError 40002."""
    if given != wanted:
        raise WeChatError(40002)


def check_secret(app: App, secret: object) -> None:
    """Refuse no secret with WeChatError 41004, a wrong one with 40125."""
    if secret in (None, ""):
        raise WeChatError(41004)
    if secret != app.secret:
        raise WeChatError(40125)


def check_may_fetch(app: App, client_ip: str) -> None:
    """Refuse what the owner closed: 40243 a frozen secret, 40164 another IP address."""
    if app.secret_frozen:
        raise WeChatError(40243)
    if app.ip_whitelist and not is_listed(client_ip, app.ip_whitelist):
        text = f"invalid ip {client_ip} ipv6 ::ffff:{client_ip}, not in whitelist"
        raise WeChatError(40164, text)


def is_listed(client_ip: str, whitelist: tuple[str, ...]) -> bool:
    """Tell whether one of the addresses or networks is, or holds, the client's."""
    address = ip_address(client_ip)
    return any(address in ip_network(entry, strict=False) for entry in whitelist)

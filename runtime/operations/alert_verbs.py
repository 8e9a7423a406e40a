"""Commands on alerts: `alert add|list|show|update|remove|test`.

The URL and the secret of a webhook are never shown; a secret that the gateway has made,
for a service of one's own, is printed once.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from runtime.alerts.notices import sample
from runtime.documents.secret_fields import Sealed
from runtime.gateway import Gateway
from runtime.operations import editing
from runtime.operations.editing import ID, NAMES, shown_later, split, warnings_of
from runtime.operations.push_reasons import TARGETS
from runtime.operations.refusals import unknown
from runtime.operations.route_addresses import check_address
from runtime.registry.alerts import DINGTALK, FEISHU, JSON, SLACK, WECOM
from runtime.registry.schema import alert_document, checked_fields, refuse_unknown
from runtime.upstream.outbound import TargetFault

LONGEST_SHOWN = 500
"""Characters of a webhook's answer."""

_NAMED = {"name": ID}

_HOSTS = {
    WECOM: ("qyapi.weixin.qq.com",),
    DINGTALK: ("oapi.dingtalk.com", "api.dingtalk.com"),
    FEISHU: ("open.feishu.cn", "open.larksuite.com"),
    SLACK: ("hooks.slack.com", "hooks.slack-gov.com"),
}


def add(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Add an alert; one of kind json gets a secret, which is returned once."""
    named, fields = split(arguments, "name")
    name = checked_fields(named, _NAMED, needed=_NAMED)["name"]
    refuse_unknown("alerts", fields)
    revealed = {}
    if fields.get("kind") == JSON and "secret" not in fields:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        revealed = {"secret": f"whsec_{key}"}
    content = alert_document(name, {**fields, **revealed})
    warnings = _warnings(gateway, content)
    version = editing.create(gateway, "alerts", name, content)
    return {**_shown(name, version, content), **revealed, **warnings}


def list_(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all alerts, without URLs and secrets."""
    checked_fields(arguments, {})
    documents, unreadable = editing.each_usable(gateway, "alerts")
    rows = [
        _shown(name, each.version, each.content) for name, each in documents.items()
    ]
    return {"alerts": rows, **({"unreadable": unreadable} if unreadable else {})}


def show(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return one alert, without its URL and its secret."""
    name = checked_fields(arguments, _NAMED, needed=_NAMED)["name"]
    found = editing.find(gateway, "alerts", name)
    with editing.readable(f"alerts/{name}"):
        shown = _shown(name, found.version, found.content)
        return {**shown, **warnings_of("alerts", name, found.content)}


def update(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Change the given fields, and remove those that `clear` names."""
    named, fields = split(arguments, "name", "clear")
    rules = {**_NAMED, "clear": NAMES}
    known = checked_fields(named, rules, needed=_NAMED)
    name, cleared = known["name"], known.get("clear", ())
    refuse_unknown("alerts", [*fields, *cleared])
    found = editing.find(gateway, "alerts", name)
    rest = {key: v for key, v in found.content.items() if key not in cleared}
    content = alert_document(name, {**rest, **fields}, kept=found.content)
    warnings = _warnings(gateway, content)
    version = editing.change(gateway, "alerts", name, content, found=found)
    lost = warnings_of("alerts", name, content, warnings)
    return {**_shown(name, version, content), **lost}


def remove(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Remove an alert; its history stays."""
    name = checked_fields(arguments, _NAMED, needed=_NAMED)["name"]
    return editing.remove(gateway, "alerts", name)


def send_sample(
    gateway: Gateway,
    arguments: Mapping[str, Any],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Send a sample to the webhook, and return what it has answered."""
    name = checked_fields(arguments, _NAMED, needed=_NAMED)["name"]
    editing.find(gateway, "alerts", name)
    alert = gateway.registry.alert(name)
    if alert is None:
        raise unknown("alerts", name)
    shown = {"name": name, "kind": alert.kind}
    notices = [sample(now=gateway.clock())]
    began = clock()
    try:
        sent = gateway.alert_sender.tell(alert, notices, id_=secrets.token_hex(16))
    except TargetFault as fault:
        sentence = TARGETS.get(fault.reason, fault.reason)
        came = f" ({fault.address})" if fault.address else ""
        return {**shown, "faults": [f"{fault.reason}{came}: {sentence}"]}
    answer = sent.answer.body.decode(errors="replace")
    faults = [f"{sent.fault}: {_MENDS[alert.kind]}"] if sent.fault else []
    return {
        **shown,
        "status": sent.answer.status,
        "milliseconds": round((clock() - began) * 1000),
        "answer": answer[:LONGEST_SHOWN] or "empty",
        **({"faults": faults} if faults else {}),
    }


_MENDS = {
    WECOM: "take the robot's URL from the group anew: alert update NAME --url; more "
    "than 20 messages a minute are refused, too",
    DINGTALK: "310000 is a wrong secret, or a keyword or an address that the robot "
    "demands: choose its signature alone, and alert update NAME --secret",
    FEISHU: "19021 is a wrong secret or a clock that is wrong, 19022 an address and "
    "19024 a keyword that the robot demands: alert update NAME --secret",
    SLACK: "the webhook or its channel is gone: make another one, and alert update "
    "NAME --url",
    JSON: "the service must answer with a status of 2xx",
}


def _shown(name: str, version: int, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "kind": content["kind"],
        "host": urlsplit(str(content["url"])).hostname,
        "signed": bool(content.get("secret")),
        "conditions": content.get("conditions", ["all"]),
        "version": version,
        **shown_later("alerts", content),
    }


def _warnings(gateway: Gateway, content: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return `warnings`, a sentence each; OperationRefused for a forbidden URL."""
    if isinstance(content["url"], Sealed):  # there is no URL to look at
        return {}
    found = check_address(gateway, content["url"], plain=False)
    host, kind = urlsplit(content["url"]).hostname, content["kind"]
    if host not in _HOSTS.get(kind, (host,)):
        found.append(f"{host} is no host of {kind}: {' or '.join(_HOSTS[kind])}.")
    if kind in (DINGTALK, FEISHU) and "secret" not in content:
        found.append(
            "Without --secret nothing is signed: the robot must demand a keyword or "
            "an address in place of a signature."
        )
    return {"warnings": found} if found else {}

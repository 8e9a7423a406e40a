"""Next steps of an operator who has added a client or an app.

They are for people: JSON has the fields of which they are made, and no more.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from management.tables import Screen, lines_of, paragraph
from management.words import N_

FOR_TABLES = ("console", "enter")
"""Fields of a new app's answer that are a part of its next steps."""


def next_steps(
    verb: tuple[str, str], answer: Mapping[str, Any], screen: Screen, *, endpoint: str
) -> str:
    """Return what is to be done after this command, "" if it has no next steps.

    A gateway of before does not tell what it takes; then there are none either.
    """
    if verb == ("client", "add") and "issuer" in answer:
        return _of_client(answer, screen)
    if verb == ("app", "add") and "enter" in answer:
        return _of_app(answer, screen, endpoint=endpoint)
    return ""


def _of_client(answer: Mapping[str, Any], screen: Screen) -> str:
    words, issuer = screen.words, str(answer["issuer"])
    discovery = f"{issuer}/.well-known/openid-configuration"
    uris = answer.get("redirect_uris") or [
        words.filled(
            "none yet: client update {1} --redirect-uri URI", answer["client_id"]
        )
    ]
    addresses = {
        words(N_("issuer")): issuer,
        words("discovery URL"): discovery,
        words("redirect URIs"): "\n".join(uris),
    }
    parts = [
        words("What the client has to know:"),
        lines_of(addresses, screen),
        words("Try it:"),
        _curl(answer, issuer, discovery),
    ]
    return "\n\n".join(parts)


def _curl(answer: Mapping[str, Any], issuer: str, discovery: str) -> str:
    """Return a call that works: for a token of an app, or for what any client reads."""
    apps = [each for each in answer["scopes"] if not each.endswith("*")]
    secret = answer.get("secret")
    if not (apps and secret):
        return f"curl {shlex.quote(discovery)}"
    user = shlex.quote(f"{answer['client_id']}:{secret}")
    return (
        f"curl --user {user} \\\n"
        f"  --data grant_type=client_credentials --data appid={apps[0]} \\\n"
        f"  {shlex.quote(f'{issuer}/oidc/token')}"
    )


def _of_app(answer: Mapping[str, Any], screen: Screen, *, endpoint: str) -> str:
    words, parts = screen.words, []
    if entered := {each["field"]: each["value"] for each in answer["enter"]}:
        console = answer["console"]
        if answer.get("kind") == "wecom":
            heading = words.filled(
                "What to enter in WeCom's administration, {1}:", console
            )
        else:
            heading = words.filled("What to enter in WeChat's console, {1}:", console)
        fields = {words(field): words(value) for field, value in entered.items()}
        parts = [paragraph(heading, screen), lines_of(fields, screen)]
    where = f" --endpoint {shlex.quote(endpoint)}" if endpoint else ""
    command = f"python manage.py app check {answer['appid']}{where}"
    return "\n\n".join([*parts, words("Then check it:"), command])

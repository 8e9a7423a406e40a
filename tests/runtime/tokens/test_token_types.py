"""Types of the tokens: mypy refuses one kind where another is meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[3]

START = """\
from runtime.gateway import Gateway
from runtime.registry.models import App, Client
from runtime.tokens.gateway_tokens import GatewayToken
from runtime.tokens.grant import RefreshToken, UserToken
from runtime.wechat.calls import put_token

def use(
    gateway: Gateway,
    app: App,
    client: Client,
    gateway_token: GatewayToken,
    user_token: UserToken,
    refresh_token: RefreshToken,
    text: str,
) -> None:
    tokens, grants = gateway.gateway_tokens, gateway.grants
    real_token = gateway.calls.real_token(app)
"""

SOUND = [
    "tokens.read(gateway_token, now=0)",
    "tokens.read(tokens.issue(client, '', now=0), now=0)",
    "grants.read(user_token, now=0)",
    "grants.read(grants.user_token('', now=0), now=0)",
    "grants.of_refresh_token(refresh_token, now=0)",
    "grants.of_refresh_token(grants.refresh_token('', now=0), now=0)",
    "put_token('', real_token)",
]

MIXED_UP = [
    "tokens.read(user_token, now=0)",
    "tokens.read(refresh_token, now=0)",
    "tokens.read(real_token, now=0)",
    "tokens.read(text, now=0)",
    "grants.read(gateway_token, now=0)",
    "grants.read(refresh_token, now=0)",
    "grants.read(real_token, now=0)",
    "grants.read(text, now=0)",
    "grants.of_refresh_token(user_token, now=0)",
    "put_token('', gateway_token)",
    "put_token('', user_token)",
    "put_token('', text)",
]


def test_a_token_of_another_kind_is_refused(tmp_path):
    """Where WeChat's, the client's or a user's token is meant, nothing else fits."""
    lines = [*START.splitlines(), *(f"    {each}" for each in (*SOUND, *MIXED_UP))]
    snippet = tmp_path / "snippet.py"
    snippet.write_text("\n".join(lines) + "\n")
    mypy = [sys.executable, "-m", "mypy", f"--cache-dir={tmp_path}"]
    done = subprocess.run(
        [*mypy, "--no-error-summary", str(snippet)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    refused = {}
    for complaint in done.stdout.splitlines():
        _, line, told = complaint.split(":", 2)
        refused[lines[int(line) - 1].strip()] = told
    assert not done.stderr
    assert set(refused) == set(MIXED_UP), done.stdout
    assert all("[arg-type]" in told for told in refused.values()), done.stdout

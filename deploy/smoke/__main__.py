"""Smoke test of a deployment: one line for each check, exit code 1 on a failure."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from deploy.smoke.public import public_steps
from deploy.smoke.signed import Key, signed_steps
from deploy.smoke.web import CheckFailed, CheckSkipped, Step, Web
from management.endpoint import Endpoint, fc_client, functions_api
from management.failure import Failure
from management.functions_api import VERSION as API_VERSION
from management.functions_api import FunctionsApi
from management.parser import FUNCTION, SERVICE
from runtime.errors import SettingsError
from runtime.setting_values import web_url
from runtime.version import version

BUILT = Path(".fun/build/code").absolute()
_WHOLE = "ACCESS_KEY_ID needs ACCESS_KEY_SECRET, ACCOUNT_ID and REGION too."


def main(
    words: list[str],
    environ: Mapping[str, str] = os.environ,
    *,
    built: Path = BUILT,
) -> int:
    """Check the URL in `words`, else PUBLIC_BASE_URL; print each result."""
    options = _parse(words)
    try:
        url = web_url(options.url or environ.get("PUBLIC_BASE_URL", ""))
    except SettingsError:
        print("make smoke: give the deployed URL, URL=https://...", file=sys.stderr)
        return 2
    expected = version(built) if options.built else ""
    web = Web(url)
    steps = public_steps(web, expected)
    try:
        steps += _with_a_key(environ, expected, options)
    except Failure as failure:
        print(f"make smoke: {failure}", file=sys.stderr)
        return 2
    try:
        web.check_address()
    except CheckFailed as fault:
        print(f"make smoke: {fault}", file=sys.stderr)
        return 1
    failed = [name for name, run in steps if not _passed(name, run)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.smoke", description=__doc__)
    parser.add_argument(
        "url",
        nargs="?",
        default="",
        help="URL of the deployment; default: PUBLIC_BASE_URL",
    )
    parser.add_argument(
        "--built", action="store_true", help="require the version of the last build"
    )
    parser.add_argument(
        "--unsigned",
        action="store_true",
        help="use no access key, even if there is one",
    )
    parser.add_argument(
        "--fc",
        choices=("2", "3"),
        default="2",
        help="generation of Function Compute; default: 2",
    )
    return parser.parse_args(words)


def _with_a_key(
    environ: Mapping[str, str], expected: str, options: argparse.Namespace
) -> list[Step]:
    if environ.get("ACCESS_KEY_ID") and not options.unsigned:
        return signed_steps(_key(environ, options.fc), expected)
    why = "--unsigned" if options.unsigned else "they need ACCESS_KEY_ID"
    print(f"skipped      admin, documents, token, refresh, deliver, nudge: {why}")
    return []


def _key(environ: Mapping[str, str], fc: str) -> Key:
    account, region = environ.get("ACCOUNT_ID", ""), environ.get("REGION", "")
    endpoint = environ.get("FC_ENDPOINT", "")
    if not endpoint and account and region:
        endpoint = f"https://{account}.{region}.fc.aliyuncs.com"
    if not (endpoint and environ.get("ACCESS_KEY_SECRET")):
        raise Failure(_WHOLE)
    if fc == "3":
        return Key(
            _admin(f"{endpoint}/{API_VERSION}", environ),
            partial(_invoke_on_3, functions_api(endpoint, environ)),
        )
    admin = _admin(endpoint, environ)
    return Key(admin, partial(_invoke_on_2, fc_client(endpoint, environ)))


def _admin(url: str, environ: Mapping[str, str]) -> Endpoint:
    return Endpoint(url, service=SERVICE, function=FUNCTION, environ=environ)


def _invoke_on_2(client: Any, name: str, event: Mapping[str, Any]) -> Any:
    body = json.dumps(event).encode()
    return json.loads(client.invoke_function(SERVICE, name, body).data)


def _invoke_on_3(api: FunctionsApi, name: str, event: Mapping[str, Any]) -> Any:
    return api.invoke(f"{SERVICE}_{name}", event)


def _passed(name: str, run: Callable[[], str]) -> bool:
    try:
        print(f"ok           {name}: {run()}")
    except CheckSkipped as reason:
        print(f"skipped      {name}: {reason}")
    except (CheckFailed, Failure, OSError, ValueError) as fault:
        print(f"FAILED       {name}: {fault}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

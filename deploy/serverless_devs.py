"""Run of Serverless Devs: `s deploy` of the build for FC 3.0, with the deployer's key.

`s` gets the key in its environment, so none is stored by `s config`. It writes every
setting into its log, which this removes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.fun_profile import account
from deploy.s_yaml import ACCESS

FILE = Path(".fun/build/artifacts/s.yaml")
TOOL = "@serverless-devs/s@3.1.10"
_OPTIONS = ("--template", str(FILE), "--assume-yes")
_LOGS = ".s/logs"


def main(words: list[str], environ: Mapping[str, str] = os.environ) -> int:
    """Deploy what `make build FC=3` has made; return the exit code of `s`.

    `words` may name one resource of the file, such as `login` or `domain`.
    """
    logs = Path(environ.get("HOME", "")) / _LOGS
    before = _entries(logs)
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            ["s", *words[:1], "deploy", *_OPTIONS],  # noqa: S607 - the deployer's s
            env={**environ, **_key(environ)},
            stdin=subprocess.DEVNULL,
            umask=0o077,
            check=False,
        )
    finally:
        for each in _entries(logs) - before:
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    return done.returncode


def _key(environ: Mapping[str, str]) -> dict[str, str]:
    known = account(environ)
    key = {
        "AccountID": known["ACCOUNT_ID"],
        "AccessKeyID": known["ACCESS_KEY_ID"],
        "AccessKeySecret": known["ACCESS_KEY_SECRET"],
    }
    if token := environ.get("SECURITY_TOKEN"):
        key["SecurityToken"] = token
    return {"REGION": known["REGION"], ACCESS: json.dumps(key)}


def _entries(folder: Path) -> set[Path]:
    return {*folder.iterdir()} if folder.is_dir() else set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

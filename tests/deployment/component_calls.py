"""Calls that the components fc3 and fc3-domain make for a file of Serverless Devs.

In own words, for machines where `s` cannot fetch the components: what they send of
each resource, in the order of the file, signed by the deployer's key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time

import urllib3
import yaml

from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET

VERSION = "2023-03-30"
_OF_THE_COMPONENT = ("region", "triggers", "code")


class Caller:
    """A client of FC 3.0's API at an URL."""

    def __init__(self, url, *, secret=KEY_SECRET):
        self._url, self._secret = url, secret
        self._http = urllib3.PoolManager(retries=False, timeout=60)

    def call(self, action, method, path, content=None, **changes):
        """Return status and content of a signed call; `changes` come after signing."""
        body = b"" if content is None else json.dumps(content).encode()
        path = f"/{VERSION}{path}"
        headers = {
            "content-type": "application/json",
            "host": self._url.partition("://")[2],
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": VERSION,
        }
        headers["authorization"] = self._authorization(method, path, headers)
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        answer = self._http.request(
            method, self._url + path, body=body or None, headers={**headers, **named}
        )
        return answer.status, json.loads(answer.data or b"null")

    def _authorization(self, method, path, headers):
        names = sorted(headers)
        lines = [method, path, "", *(f"{name}:{headers[name]}" for name in names)]
        lines += ["", ";".join(names), headers["x-acs-content-sha256"]]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        text = f"ACS3-HMAC-SHA256\n{digest}".encode()
        made = hmac.new(self._secret.encode(), text, hashlib.sha256).hexdigest()
        return (
            f"ACS3-HMAC-SHA256 Credential={KEY_ID},"
            f"SignedHeaders={';'.join(names)},Signature={made}"
        )


def deploy(file, url):
    """Deploy what the file of a build describes; everything in it is new."""
    caller = Caller(url)
    for each in yaml.safe_load(file.read_text())["resources"].values():
        props = each["props"]
        if each["component"] == "fc3-domain":
            sent = {name: value for name, value in props.items() if name != "region"}
            _done(caller.call("CreateCustomDomain", "POST", "/custom-domains", sent))
            continue
        packed = base64.b64encode((file.parent / props["code"]).read_bytes()).decode()
        sent = {n: value for n, value in props.items() if n not in _OF_THE_COMPONENT}
        sent["code"] = {"zipFile": packed}
        _done(caller.call("CreateFunction", "POST", "/functions", sent))
        path = f"/functions/{props['functionName']}/triggers"
        for trigger in props["triggers"]:
            text = json.dumps(trigger["triggerConfig"])
            _done(
                caller.call(
                    "CreateTrigger", "POST", path, {**trigger, "triggerConfig": text}
                )
            )


def _done(answer):
    assert 200 == answer[0], answer

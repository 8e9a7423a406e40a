"""One version's gateway, which performs the commands on stdin, a line of JSON each."""

from __future__ import annotations

import importlib
import json
import os
import sys

from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.operations.verbs import operation, perform
from runtime.settings import settings_from
from tests.support.client_sign_in import willing
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import NOW, ScriptedWeChat


def main():
    """Answer each line by a line."""
    wechat = ScriptedWeChat()
    willing(wechat)
    settings = settings_from(os.environ)
    gateway = Gateway(settings, clock=lambda: NOW, transport=wechat)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            told = answered(gateway, command)
        except GatewayError as error:
            told = {"error": error.code, "message": error.message}
        print(json.dumps(told), flush=True)


def answered(gateway, command):
    """Perform a verb, or send a function a request."""
    if "verb" in command:
        run = operation(*command["verb"]).run
        return perform(run, gateway, command["arguments"])
    function = importlib.import_module(f"functions.{command['function']}.index")
    request = {
        **command["request"],
        "body": command["request"].get("body", "").encode(),
    }
    handler = function.handler.with_gateway(gateway)
    status, headers, body = call_wsgi(handler, make_environ_fc(**request))
    return {"status": status, "headers": headers, "body": body.decode()}


main()

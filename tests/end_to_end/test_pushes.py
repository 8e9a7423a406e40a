"""The simulated platform pushes to a host, which stores before it answers."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress

import pytest
import urllib3

from tests.support.local_hosts import eventually
from tests.support.pushed_host import PushedHost
from tests.support.pushes import INBOX, stored, text
from tests.support.relay import Relay

EVENT = {"MsgType": "event", "Event": "CLICK", "EventKey": "menu_1"}


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def pushed(host, tmp_path, redis_server):
    return PushedHost(tmp_path, redis_server.url, host)


def send(host, running, pushed, mode, **more):
    """Let the platform push to the running host; return what came of it."""
    appid = pushed.app["appid"]
    change = {"appid": appid, "callback_url": running.url + pushed.path}
    host.sandbox("POST", "/_sandbox/apps", change)
    what = {"appid": appid, "message": EVENT, "mode": mode, **more}
    return host.sandbox("POST", "/_sandbox/push", what)


def test_the_platform_pushes(host, pushed, redis):
    """It checks the URL, then pushes in safe and compat mode, XML and JSON."""
    appid = pushed.app["appid"]
    with pushed.start() as running:
        assert send(host, running, pushed, "verify")["error"] is None
        for mode, form in (("safe", "xml"), ("compat", "xml"), ("safe", "json")):
            message = {**EVENT, "EventKey": f"{mode}_{form}"}
            more = {"message": message, "format": form, "retries": True}
            done = send(host, running, pushed, mode, **more)
            assert (None, "success", 1) == (
                done["error"],
                done["body"],
                done["deliveries"],
            )
        refused = send(host, running, pushed, "plain")
        assert 403 == refused["status"]
        assert "refused, not_encrypted" in running.log()

    messages = stored(redis, pushed.settings, appid)
    keys = ("safe_xml", "compat_xml", "safe_json")
    assert [key in each for key, each in zip(keys, messages, strict=True)] == [True] * 3


@pytest.mark.case(159)
def test_a_host_that_is_killed_loses_and_doubles_nothing(
    host, tmp_path, redis_server, redis
):
    """Between storing and answering: WeChat gets no answer, and delivers again."""
    with Relay(redis_server.port) as relay:
        pushed = PushedHost(tmp_path, relay.url, host)
        stream = f"{INBOX}:stream:{pushed.app['appid']}"
        with pushed.start() as running:
            path, body = pushed.signed(text(1))
            assert running.request("POST", path, body=body).data == b"success"
            answers = []

            def deliver():
                path, body = pushed.signed(text(2))
                with suppress(urllib3.exceptions.HTTPError):
                    answers.append(running.request("POST", path, body=body).data)

            relay.seconds = 0.8  # Redis has stored it, and the host does not know yet
            thread = threading.Thread(target=deliver)
            thread.start()
            eventually(lambda: redis.xlen(stream) == 2, pause=0.002)
            running.end(signal.SIGKILL)
            thread.join(30)
            relay.seconds = 0.0
        assert answers == []
        with pushed.start() as again:
            path, body = pushed.signed(text(2), nonce="again")
            assert again.request("POST", path, body=body).data == b"success"

    messages = stored(redis, pushed.settings, pushed.app["appid"])
    assert [text(1), text(2)] == messages

"""A host that is killed while it takes an authorisation: nothing is lost.

The simulated platform gives one code, which works once; the event comes again, or the
function refresh finds what was stored.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress

import pytest
import urllib3

from functions.refresh.component_round import go_on
from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.support import component_pushes
from tests.support.gateway_environ import make_environ
from tests.support.held_server import HeldServer
from tests.support.local_hosts import LocalHost, eventually
from tests.support.relay import Relay

API = "/cgi-bin/component/"


class AuthorizedHost:
    """Hosts, one after the other, between the platform and a Redis behind a relay."""

    def __init__(self, folder, relay, developer, wechat):
        self.developer, self.relay, self.wechat = developer, relay, wechat
        self.folder = folder
        self.environment = make_environ(
            folder,
            relay.url,
            PUBLIC_BASE_URL="http://a",
            **dict.fromkeys(("WECHAT_API_URL", "WECHAT_OPEN_URL"), wechat.url),
        )
        self.settings = settings_from(self.environment)
        self.app = developer.app("component")
        self.component = self.app["appid"]
        names = ("kind", "secret", "token", "encoding_aes_key")
        content = {name: self.app[name] for name in names}
        self.gateway().documents.write("apps", self.component, content, after=0)
        order = {"kind": "service", "name": "A shop"}
        self.account = developer.sandbox("POST", "/_sandbox/apps", order)["appid"]
        self._tell_ticket()

    def gateway(self):
        """Return a gateway as another process has it."""
        return Gateway(self.settings)

    def _act(self, action, **fields):
        order = {"appid": self.component, "action": action, **fields}
        return self.developer.sandbox("POST", "/_sandbox/component", order)

    def _tell_ticket(self):
        ticket = self._act("ticket")["component_verify_ticket"]
        self.gateway().verify_tickets.put(self.component, ticket, created=1)

    def authorize(self):
        """Let the account authorise; the platform could not push the event."""
        done = self._act("authorize", authorizer=self.account, func_info=[1, 15])
        assert done["push"]["error"]
        self.event = component_pushes.event(
            "authorized",
            component=self.component,
            AuthorizerAppid=self.account,
            AuthorizationCode=done["authorization_code"],
            AuthorizationCodeExpiredTime=done["expires_at"],
            PreAuthCode="pre",
        )

    def start(self):
        return LocalHost(self.folder, "--port=0", environment=self.environment)

    def tell(self, running, nonce="n", **more):
        """Push the event as the platform does; return the status, None without one."""
        query, body = component_pushes.sealed(
            self.event,
            token=self.app["token"],
            aes_key=self.app["encoding_aes_key"],
            appid=self.component,
            nonce=nonce,
        )
        path = f"/wechat_event/{self.component}/ticket?{query}"
        with suppress(urllib3.exceptions.HTTPError):
            answer = running.request("POST", path, body=body, **more)
            return answer.status, answer.data
        return None

    def let_be_due(self, redis):
        """Let the time of the next try have come, and a killed host's lease be over."""
        key = f"gateway:authorization:{{{self.component}}}"
        for id_ in redis.zrange(key, 0, -1):
            redis.zadd(key, {id_: 0})
            redis.hset(f"{key}:record:{id_.decode()}", "until", 0)

    def exchanges(self):
        """Return the errcodes of all exchanges that the platform has seen."""
        seen = self.developer.journal(f"{API}api_query_auth")
        return [each["errcode"] for each in seen]

    def check(self):
        """Compare the document with what the platform has, and make a call."""
        found = self.gateway().authorizers.newest(self.component, self.account)
        assert (found.stands, found.revision) == (True, 1)
        assert found.permission_sets == (1, 15)
        gateway = self.gateway()
        app = gateway.registry.app(self.account)
        content = gateway.calls.get_json(app, "/cgi-bin/get_api_domain_ip")
        assert content["ip_list"]
        assert gateway.authorizations.unfinished(
            gateway.registry.own_app(self.component)
        ) in (0, 1)
        assert self.exchanges().count(0) == 1

    def written(self):
        """Tell whether the document is there."""
        name = f"{self.component}-{self.account}"
        return (self.folder / "config/authorizers" / name / "1.json").exists()


@pytest.fixture
def redis(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def world(host, tmp_path, redis_server):
    with Relay(redis_server.port) as relay, HeldServer(host.sandbox_url) as wechat:
        made = AuthorizedHost(tmp_path, relay, host, wechat)
        made.authorize()
        yield made


HELD = {
    "before the exchange": ("api_query_auth", "before"),
    "before its answer is stored": ("api_query_auth", "after"),
    "before the document": ("api_get_authorizer_info", "before"),
    "as the document is written": ("api_get_authorizer_info", "after"),
}
STEPS = (*HELD, "after the document", "before success")


def kill_at(world, redis, step):
    """Tell the event to a host, and kill it at this step."""
    answers = []
    name, when = HELD.get(step, ("api_get_authorizer_info", "after"))
    world.wechat.hold(API + name, when)
    with world.start() as running:
        thread = threading.Thread(target=lambda: answers.append(world.tell(running)))
        thread.start()
        assert world.wechat.reached.wait(30)
        if step == "after the document":
            world.relay.seconds = 1.0  # what comes next has to wait for Redis
            world.wechat.release()
            eventually(world.written, pause=0.002)
        if step == "before success":
            world.relay.seconds = 0.5
            world.wechat.release()
            done = f"gateway:authorization:{{{world.component}}}:done:*"
            eventually(lambda: redis.keys(done), pause=0.002)
        running.end(signal.SIGKILL)
        thread.join(30)
    world.relay.seconds = 0.0
    world.wechat.release(drop=True)
    assert answers == [None]


@pytest.mark.case(171)
@pytest.mark.parametrize("emptied", [False, True], ids=["", "redis emptied"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_and_told_again(world, redis, step, emptied):
    """The platform got no answer: it sends the event again, within its five seconds."""
    kill_at(world, redis, step)
    if emptied:
        redis.flushall()
    with world.start() as running:
        began = time.monotonic()
        assert (200, b"success") == world.tell(running, "again")
        assert time.monotonic() - began < 5
        assert (200, b"success") == world.tell(running, "and again")
    world.check()
    if not emptied:
        assert len(world.exchanges()) == 1


@pytest.mark.parametrize("step", STEPS)
def test_killed_and_never_told_again(world, redis, step):
    """The function refresh goes on where the killed host was."""
    kill_at(world, redis, step)
    world.let_be_due(redis)
    go_on(world.gateway())
    world.check()
    assert len(world.exchanges()) == 1


@pytest.mark.case(171)
@pytest.mark.parametrize("then", ["told again", "refresh"])
def test_the_documents_are_away(world, redis, then):
    """The answer waits in Redis, and the host is killed while it cannot be written."""
    config = world.folder / "config"
    with world.start() as running:
        unknown = component_pushes.event("tomorrow", component=world.component)
        event, world.event = world.event, unknown
        assert (200, b"success") == world.tell(running)  # it has seen the component
        world.event = event
        config.rename(world.folder / "away")
        config.touch()  # no folder: nothing can be read or written
        for nonce in "abc":
            status, _ = world.tell(running, nonce)
            assert status == 503
        running.end(signal.SIGKILL)
    config.unlink()
    (world.folder / "away").rename(config)
    assert world.exchanges() == [0]
    if then == "refresh":
        world.let_be_due(redis)
        go_on(world.gateway())
    else:
        with world.start() as running:
            assert (200, b"success") == world.tell(running, "again")
    world.check()
    assert world.exchanges() == [0]


def test_two_hosts_at_once(world):
    """Both get the event, and one code is exchanged."""
    answers = []
    with world.start() as one:
        folder = world.folder / "two"
        folder.mkdir()
        other = LocalHost(folder, "--port=0", environment=world.environment)
        with other as two:
            threads = [
                threading.Thread(
                    target=lambda to=to, n=n: answers.append(world.tell(to, str(n)))
                )
                for n, to in enumerate((one, two) * 4)
            ]
            for each in threads:
                each.start()
            for each in threads:
                each.join(30)
    assert answers == [(200, b"success")] * 8
    world.check()
    assert world.exchanges() == [0]

"""The limits on a real Redis: how much passes, for whom, and what it leaves there."""

from __future__ import annotations

import threading
import time

import pytest

from runtime.errors import RateLimited, ServiceUnavailable
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from runtime.usage.limits import WRONG_SECRETS, Limits, TooManyWrongSecrets
from runtime.web.messages import Request
from tests.support.relay import Relay


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


def make_limits(redis_server, *, clock=None, **more):
    settings = {
        "store": RedisStore(lambda: connect(redis_server.url)),
        "per_address": 3,
        "per_minute": 5,
        "trusted_hops": 0,
        **more,
    }
    return Limits(clock=clock or Clock(), **settings)


def by(address="192.0.2.1"):
    return Request("GET", "/", peer_ip=address)


def passed(limits, request, times):
    """Return how many of so many starts were not refused."""
    count = 0
    for _ in range(times):
        try:
            limits.sign_in(request)
            count += 1
        except RateLimited:
            continue
    return count


def end_the_minute(redis_server):
    for key in redis_server.client().scan_iter():
        redis_server.client().pexpire(key, 0)


def counts(redis_server):
    """Return the keys that count, without those of the attempts."""
    keys = redis_server.client().scan_iter()
    return [key.decode() for key in keys if b":attempt:" not in key]


def guess(limits, times=1, *, client_id="demo", request=None):
    """Return what so many wrong secrets got: None, or the error."""
    told = []
    for _ in range(times):
        try:
            told.append(limits.check_secret(client_id, request or by(), lambda: None))
        except TooManyWrongSecrets:
            told.append(TooManyWrongSecrets)
    return told


def is_right(limits, *, client_id="demo", request=None):
    """Tell whether a right secret is taken."""
    try:
        return limits.check_secret(client_id, request or by(), lambda: True)
    except TooManyWrongSecrets:
        return False


@pytest.mark.case(123)
class TestSignIns:
    def test_one_address(self, redis_server):
        """So many a minute; then this address is refused, and no other."""
        limits = make_limits(redis_server)

        assert 3 == passed(limits, by(), 10)
        assert 2 == passed(limits, by("192.0.2.2"), 2)

    def test_the_wait_is_told(self, redis_server):
        """Retry-After is what is left of the minute."""
        limits = make_limits(redis_server)
        passed(limits, by(), 3)
        for key in redis_server.client().scan_iter():
            redis_server.client().pexpire(key, 20_000)
        with pytest.raises(RateLimited) as caught:
            limits.sign_in(by())

        assert caught.value.retry_after in (19, 20)

    def test_over_all(self, redis_server):
        """From however many addresses; and what is refused leaves no key."""
        limits = make_limits(redis_server)
        addresses = [by(f"192.0.2.{number}") for number in range(50)]

        assert 5 == sum(passed(limits, each, 1) for each in addresses)
        assert 6 == len(counts(redis_server))
        assert 6 + 5 == redis_server.client().dbsize()

    def test_a_refusal_is_not_counted(self, redis_server):
        """One who floods uses up no more than its own share."""
        limits = make_limits(redis_server)
        passed(limits, by(), 1000)

        assert 2 == passed(limits, by("192.0.2.2"), 3)

    def test_a_minute_later(self, redis_server):
        """Every key ends within a minute, and with it the count."""
        limits = make_limits(redis_server)
        passed(limits, by(), 4)
        client = redis_server.client()
        attempts = client.keys("*:attempt:*")
        lives = [client.pttl(key) for key in counts(redis_server)]

        assert 3 == len(attempts)
        assert all(0 < client.pttl(key) <= 10_000 for key in attempts)

        assert 2 == len(lives)
        assert all(50_000 < life <= 60_000 for life in lives)
        end_the_minute(redis_server)
        assert 3 == passed(limits, by(), 4)

    def test_codes_are_counted_apart(self, redis_server):
        """A flood of sign-ins leaves the codes of signed-in users, and they a limit."""
        limits = make_limits(redis_server, per_address=1)
        passed(limits, by(), 2)
        limits.code(by())
        with pytest.raises(RateLimited):
            limits.code(by())
        limits.code(by("192.0.2.2"))

    def test_a_lost_answer_is_no_second_count(self, redis_server):
        """The attempt is repeated, passes, and is counted once."""
        with Relay(redis_server.port) as proxy:
            store = RedisStore(lambda: connect(proxy.url))
            limits = make_limits(redis_server, store=store)
            limits.sign_in(by())
            proxy.begin(swallow=1)
            limits.sign_in(by())

        assert proxy.swallowed
        client = redis_server.client()
        assert [b"2", b"2"] == [client.get(key) for key in counts(redis_server)]

    def test_processes_share_a_count(self, redis_server):
        """In parallel, too: not one more than the limit."""
        made = [
            make_limits(redis_server, per_address=20, per_minute=99) for _ in range(4)
        ]
        counts = []
        threads = [
            threading.Thread(
                target=lambda each=each: counts.append(passed(each, by(), 9))
            )
            for each in made
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert 20 == sum(counts)

    def test_a_forwarded_address(self, redis_server):
        """It counts only where a trusted proxy has written it."""
        headers = (("x-forwarded-for", "203.0.113.9"),)
        forwarded = Request("GET", "/", headers=headers, peer_ip="192.0.2.1")
        trusting = make_limits(redis_server, trusted_hops=1)
        passed(make_limits(redis_server), by(), 3)

        assert 0 == passed(make_limits(redis_server), forwarded, 1)
        assert 1 == passed(trusting, forwarded, 1)

    def test_keys_tell_nobody(self, redis_server):
        """Neither an address nor a client stands in one; a cluster has them as one."""
        limits = make_limits(redis_server)
        limits.sign_in(by())
        limits.code(by())
        guess(limits, client_id="orders")
        keys = [key.decode() for key in redis_server.client().scan_iter()]

        assert 6 == len(counts(redis_server))
        assert 9 == len(keys)
        assert not [key for key in keys if "192.0.2" in key or "orders" in key]
        names = {key.split(":")[2] for key in keys}
        assert {"{sign_in}", "{code}", "{wrong_secret}"} == names


@pytest.mark.case(123)
class TestTheWindow:
    """Of half a second, on Redis' own clock, which no test can set."""

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_ends_after_its_time_and_not_before(self, redis_server, number):
        """Nothing passes until then, and as much as before from then on."""
        limits = make_limits(redis_server, per_address=number, window_seconds=0.5)
        begun = time.monotonic()
        assert number == passed(limits, by(), number)

        while not passed(limits, by(), 1):
            assert time.monotonic() < begun + 10
            time.sleep(0.01)
        assert time.monotonic() >= begun + 0.499
        assert number - 1 == passed(limits, by(), number)

    def test_later_counts_do_not_prolong_it(self, redis_server):
        """It begins with the first count, whatever comes after it."""
        limits = make_limits(redis_server, window_seconds=60)
        limits.sign_in(by())
        client = redis_server.client()
        for key in client.scan_iter():
            client.pexpire(key, 20_000)
        limits.sign_in(by())

        assert all(client.pttl(key) <= 20_000 for key in client.scan_iter())


@pytest.mark.case(123)
class TestWrongSecrets:
    def test_too_many(self, redis_server):
        """After 60 wrong ones a wrong one has to wait, and a right secret never."""
        limits = make_limits(redis_server)

        assert [None] * WRONG_SECRETS == guess(limits, WRONG_SECRETS)
        assert is_right(limits)
        assert [TooManyWrongSecrets] * 2 == guess(limits, 2)
        assert is_right(limits)
        assert [TooManyWrongSecrets] == guess(limits)

    def test_only_that_client_from_there(self, redis_server):
        """Others at the address, and the client elsewhere, may still be wrong."""
        limits = make_limits(redis_server)
        guess(limits, WRONG_SECRETS + 1)

        assert [TooManyWrongSecrets] == guess(limits)
        assert [None] == guess(limits, client_id="orders")
        assert [None] == guess(limits, request=by("192.0.2.2"))

    def test_a_minute_later(self, redis_server):
        """The process forgets when Redis does."""
        clock = Clock()
        limits = make_limits(redis_server, clock=clock)
        guess(limits, WRONG_SECRETS + 1)
        end_the_minute(redis_server)
        clock.now += 60

        assert [None] == guess(limits)

    def test_another_process(self, redis_server):
        """It counts on where the first one stopped, and refuses wrong ones only."""
        guess(make_limits(redis_server), WRONG_SECRETS)
        other = make_limits(redis_server)

        assert [TooManyWrongSecrets] == guess(other)
        assert is_right(other)

    def test_a_refused_guess_asks_nobody(self, own_redis):
        """Once the count is known to be full, a guess costs no round trip."""
        limits = make_limits(own_redis)
        guess(limits, WRONG_SECRETS + 1)
        own_redis.stop()

        assert [TooManyWrongSecrets] * 3 == guess(limits, 3)
        assert is_right(limits)

    def test_a_right_secret_asks_nobody(self):
        """No round trip: it passes without a Redis."""

        def connect_nowhere():
            raise AssertionError("asked")

        limits = Limits(
            RedisStore(connect_nowhere),
            per_address=1,
            per_minute=1,
            trusted_hops=0,
            clock=Clock(),
        )

        assert is_right(limits)

    def test_an_error_is_no_guess(self, redis_server):
        """Where the secret could not be looked up, nothing is counted."""

        def cannot_look():
            raise ServiceUnavailable

        limits = make_limits(redis_server)
        with pytest.raises(ServiceUnavailable):
            limits.check_secret("demo", by(), cannot_look)

        assert 0 == redis_server.client().dbsize()

    @pytest.mark.parametrize("client_id", ["", "\ud800", "a|b", "x" * 100_000])
    def test_any_client_id(self, redis_server, client_id):
        """It is hashed, whatever it is."""
        assert [None] == guess(make_limits(redis_server), client_id=client_id)

    def test_a_flood_of_clients(self, redis_server):
        """Neither Redis nor the process remembers each name that is made up."""
        limits = make_limits(redis_server, wrong_secrets_in_all=5, most_remembered=3)
        names = [f"nobody{number}" for number in range(20)]
        for name in names:
            guess(limits, client_id=name)
        number = len(counts(redis_server))
        redis_server.empty()

        refused = [
            each for each in names[:14:-1] if guess(limits, client_id=each) != [None]
        ]
        assert 6 == number
        assert ["nobody19", "nobody18", "nobody17"] == refused

    def test_all_clients_together(self, redis_server):
        """The count over all refuses a wrong secret; a right one elsewhere is taken."""
        limits = make_limits(redis_server, wrong_secrets_in_all=2)
        told = [guess(limits, client_id=each)[0] for each in ("a", "b", "c")]

        assert [None, None, TooManyWrongSecrets] == told
        assert is_right(limits, client_id="d")

    def test_what_is_remembered_ends_with_the_window(self, redis_server):
        """A wrong secret has to wait up to the last moment, and not from then on."""
        clock = Clock()
        limits = make_limits(redis_server, clock=clock, wrong_secrets=1)
        guess(limits)
        started = clock.now
        with pytest.raises(TooManyWrongSecrets) as caught:
            limits.check_secret("demo", by(), lambda: None)
        left = caught.value.retry_after
        assert 59 <= left <= 60

        end_the_minute(redis_server)
        clock.now = started + left - 1
        assert [TooManyWrongSecrets] == guess(limits)
        clock.now = started + left
        assert [None] == guess(limits)


@pytest.mark.case(124)
def test_redis_away_is_no_permission(own_redis):
    """503, for a start and for a wrong secret alike."""
    limits = make_limits(own_redis)
    own_redis.stop()
    with pytest.raises(ServiceUnavailable):
        limits.sign_in(by())
    with pytest.raises(ServiceUnavailable):
        limits.check_secret("demo", by(), lambda: None)

"""Conformance: the scripts in Redis do what their model does, on random walks."""

from __future__ import annotations

import random
import time

import pytest

from runtime.custody.lease import Lease
from runtime.custody.protocol import CredentialValue, Pace, Refusal
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.runtime.custody.protocol_model import ENDED, LAST, Had, State
from tests.runtime.custody.protocol_steps import steps

NAME = "access_token:wx1"
KEY = f"gateway:credential:{{{NAME}}}"
SLOW = Pace(lease=60, first_pause=300, longest_pause=300)
"""As slow as the scripts believe: what lies further ahead is void."""
MAY = Had(sleeps=4, crashes=1, failures=1, losses=1, intrusions=4)
GAP = 30_000

WALKED = {
    *("acquires FRESH", "acquires DUE", "acquires MINE"),
    *("acquires WAIT", "acquires PAUSED"),
    *("commits stored", "commits refused", "gives up", "rejects"),
    *("wakes up and renews", "Redis is emptied"),
}
FORCED = {"claims force granted", "claims force refused", "claims force late"}


class Replay:
    """Repeats in a real Redis each step of a walk through the model."""

    def __init__(self, server):
        self.client = server.client()
        self.lease = Lease(RedisStore(lambda: connect(server.url)), NAME, pace=SLOW)
        self.holders = {}
        self.count = 0

    def follow(self, before, step):
        """Take the step and return what the script answered, in the model's words."""
        kept = self.client.hgetall(KEY)
        me = before.processes[step.who]
        act = getattr(self, "_" + step.what.replace(" ", "_"), None)
        said = act(before, me, step) if act else step.outcome.split(",")[0]
        if step.outcome.endswith("it is lost"):
            self.client.delete(KEY)
            if kept:
                self.client.hset(KEY, mapping=kept)
        elif step.who < 0:
            self._pass_time(step)
        return said

    def _acquires(self, before, me, step):
        self.count += 1
        acquired = self.lease.acquire(str(self.count), revision="1")
        self.holders[step.who] = str(self.count)
        return acquired.verdict.value

    def _commits(self, before, me, step):
        token = CredentialValue(f"T{me.value}", 7200)
        stands = self.lease.commit(
            self.holders[step.who],
            str(me.fence),
            token,
            due_in=6930,
            fetches=1,
            retires=before.plain or me.forced,
            repeats=before.repeats,
        )
        return "stored" if stands.is_stored else "refused"

    def _gives_up(self, before, me, step):
        self.lease.give_up(
            self.holders[step.who],
            str(me.fence),
            Refusal(-1, "system error"),
            revision="1",
            jitter=1.0,
            fetches=1,
            retires=before.plain or me.forced,
        )
        return ""

    def _rejects(self, before, me, step):
        # The model has no pace: neither a bucket of rejections nor WeChat's insisting.
        self.client.hdel(KEY, "rejections")
        if not before.repeats:
            self.client.hdel(KEY, "insisted")
        self.lease.reject(f"T{me.value}")
        return f"T{me.value}"

    def _claims_force(self, before, me, step):
        return self.lease.claim_force(self.holders[step.who], str(me.fence))

    def _wakes_up_and_renews(self, before, me, step):
        return "" if self.lease.renew(self.holders[step.who], str(me.fence)) else "late"

    def _Redis_is_emptied(self, before, me, step):
        self.client.flushdb()
        return ""

    def _pass_time(self, step):
        after = step.after
        past = {
            "lease_until": after.holder and not after.leased,
            "retry_at": not after.paused,
            "due_at": after.value and _is_due(after),
            "rejected_until": after.rejected_age == ENDED,
            "insisted_until": not after.insisted,
            "expires_at": after.value and after.age == ENDED,
            "forced_at": not after.claimed,
        }
        for field, is_past in past.items():
            if is_past and self.client.hexists(KEY, field):
                self.client.hset(KEY, field, 1)

    def kept(self):
        """Return the state in Redis, in the form of `of_model`."""
        kept = {k.decode(): v.decode() for k, v in self.client.hgetall(KEY).items()}
        now = time.time() * 1000

        def since(field):
            return now - int(kept.get(field, 0))

        live = "value" in kept and since("expires_at") < 0
        return {
            "value": kept.get("value", "T0"),
            "live": live,
            "due": live and since("due_at") >= 0,
            "fence": int(kept.get("fence", 0)),
            "leased": "holder" in kept and since("lease_until") < 0,
            "rejected": kept.get("rejected", "T0"),
            "suspect": "suspect" in kept,
            "paused": since("retry_at") < 0,
            "claimed": since("forced_at") < GAP,
        }


def _is_due(s):
    return s.age == ENDED or (s.age == LAST and not s.settled) or s.marked


def of_model(s):
    return {
        "value": f"T{s.value}",
        "live": s.live,
        "due": s.live and _is_due(s),
        "fence": s.fence,
        "leased": s.leased,
        "rejected": f"T{s.rejected}",
        "suspect": s.suspect,
        "paused": s.paused,
        "claimed": s.claimed,
    }


def chosen(rng, before, found):
    """Return one of the steps; misfortunes are rarer than other steps."""
    weights = [1 if each.after.had != before.had else 3 for each in found]
    return rng.choices(found, weights)[0]


MODES = {
    "plain": {"plain": True},
    "stable": {"plain": False},
    "repeats": {"plain": False, "repeats": True},
}


@pytest.mark.parametrize("mode", MODES)
def test_the_scripts_do_what_the_model_does(redis_server, mode):
    """Walks of sixty steps, up to 200: the same verdicts and the same fields."""
    seen = set()
    for seed in range(80 if mode == "repeats" else 200):
        rng = random.Random(seed)  # noqa: S311 - walks are to be repeated
        state, replay, told = State(**MODES[mode]), Replay(redis_server), []
        replay.client.flushdb()
        for _ in range(60):
            step = chosen(rng, state, steps(state, MAY))
            told.append(f"{step.who} {step.what} {step.outcome}")
            said = replay.follow(state, step)
            seen.add(step.what if said[:1] == "T" else f"{step.what} {said}".strip())
            state = step.after

            assert said == step.outcome.split(",")[0], "\n".join(told)
            assert replay.kept() == of_model(state), "\n".join(told)
        replay.client.close()
    assert seen >= (WALKED | FORCED if mode == "stable" else WALKED)

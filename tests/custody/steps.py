"""Every step that the system of protocol_model can take from a state."""

from __future__ import annotations

from typing import NamedTuple

from tests.custody import protocol_model as model
from tests.custody.protocol_model import (
    ENDED,
    FETCHING,
    LAST,
    RUNS,
    YOUNG,
    Left,
    Process,
    Store,
    WeChat,
)


class State(NamedTuple):
    """The whole system. `slip`: a misfortune that no store can see has befallen it."""

    store: Store
    wechat: WeChat
    processes: tuple[Process, ...]
    left: Left
    fetches: int = 0  # since the stored value last came of age
    slip: bool = False


class Step(NamedTuple):
    """`who` is a process' place, -1 is the world; `lost`: a failover undid the write."""

    who: int
    what: str
    outcome: str
    after: State
    breaks: str = ""
    lost: bool = False


def steps(state, without=frozenset(), *, calm=False):
    """Return all steps; `calm` ones start no call and bring no misfortune."""
    found = []
    for place, me in enumerate(state.processes):
        if not me.asleep and not (calm and me.at == "idle"):
            found += _Acts(state, place, me, without).steps(calm)
        if not calm:
            found += _misfortunes(state, place, me)
    if calm:
        return found or _moments(state)
    return found + _moments(state) + _time(state) + _world(state)


class _Acts:
    """What one process may do next."""

    def __init__(self, state, place, me, without):
        self.state, self.place, self.me, self.without = state, place, me, without
        self.store, self.wechat = state.store, state.wechat
        self.retires = self.wechat.plain or me.forced

    def steps(self, calm):
        found = getattr(self, "_" + self.me.at)()
        if not calm and self.me.at in FETCHING and self.state.left.failures:
            found += [self._fail()]
        if calm or not self.state.left.losses:
            return found
        return found + [self._lost(each) for each in found if self._writes(each)]

    def _step(self, what, outcome, me, *, told=None, breaks="", **changes):
        others = self.state.processes
        if told:
            others = tuple(
                told(each)
                if each.at == "wait" and each.fence == self.me.fence
                else each
                for each in others
            )
        processes = (*others[: self.place], me, *others[self.place + 1 :])
        after = self.state._replace(processes=processes, **changes)
        return Step(self.place, what, outcome, after, breaks)

    def _writes(self, step):
        return step.after.store != self.store

    def _lost(self, step):
        me = step.after.processes[self.place]
        if me.at in FETCHING:
            me = me._replace(late=True)
        left = self.state.left
        after = self._step(step.what, step.outcome, me).after._replace(
            left=left._replace(losses=left.losses - 1),
            slip=True,
        )
        return step._replace(after=after, breaks="", lost=True)

    def _fail(self):
        left = self.state.left
        left = left._replace(failures=left.failures - 1)
        value = self.me.value if self.me.at == "answer" else 0
        me = self.me._replace(at="failed", value=value)
        return self._step("loses the connection", "", me, left=left)

    def _served(self, value, *, retry):
        if self.wechat.accepts(value):
            return ""
        if retry and not self.state.left.lost_any:
            return "a call is served a dead value twice"
        if not self.state.slip and not self.wechat.broken:
            return "a dead value is served"
        return ""

    def _idle(self):
        me, store = self.me, self.store
        holder = 1 + max(store.holder, *(each.holder for each in self.state.processes))
        verdict, store = model.acquire(store, holder, self.without)
        breaks = ""
        if store.live and verdict != "WAIT":
            breaks = self._served(store.value, retry=me.retry)
        if verdict == "FRESH":
            me = me.to("use", value=store.value)
        elif verdict == "PAUSED":
            me = Process()
        elif verdict == "WAIT":
            me = me.to("wait", fence=store.fence)
        else:
            old = store.value if verdict == "DUE" else 0
            given = {"holder": holder, "fence": store.fence, "old": old}
            me = me.to("send", rejected=store.rejected, **given)
        return [self._step("acquires", verdict, me, store=store, breaks=breaks)]

    _ask = _idle

    def _wait(self):
        if self.store.fence == self.me.fence and self.store.holder:
            if self.store.lease == RUNS:
                return []
        return [self._step("hears nothing", "", self.me.to("ask"))]

    def _send(self, *, force=False):
        wechat = self.wechat.issue(force=force)
        me = self.me._replace(at="answer", value=wechat.current, forced=force)
        fetches = self.state.fetches + 1
        what = "fetches by force" if force else "fetches"
        return [self._step(what, f"T{me.value}", me, wechat=wechat, fetches=fetches)]

    def _force(self):
        return self._send(force=True)

    def _answer(self):
        me = self.me
        again = me.value == me.rejected and "comparison" not in self.without
        if not again or me.forced:
            return self._commit()
        granted, store = model.claim_force(self.store, self.without)
        me = me._replace(at="force" if granted else "failed", value=0)
        outcome = "granted" if granted else "refused"
        return [self._step("claims force", outcome, me, store=store)]

    def _commit(self):
        me, before = self.me, self.store
        accepted, store = model.commit(
            before, me, retires=self.retires, without=self.without
        )
        stands = store.value if store.live else 0
        breaks, told = "", None
        if accepted:
            if before.live and me.value < before.value:
                breaks = "a late answer overwrites a newer one"
            told = lambda each: each.to("use", value=me.value)
        after = me.to("use", value=stands) if stands else me.to("ask")
        if stands:
            breaks = breaks or self._served(stands, retry=me.retry)
        outcome = "stored" if accepted else "refused"
        return [
            self._step("commits", outcome, after, told=told, store=store, breaks=breaks)
        ]

    def _failed(self):
        me = self.me
        told, store = model.give_up(
            self.store, me, retires=self.retires, without=self.without
        )
        after = me.to("use", value=me.old) if me.old else Process()
        tell = (lambda each: Process()) if told else None
        outcome = "waiters are told" if told else "nobody minds"
        return [self._step("gives up", outcome, after, told=tell, store=store)]

    def _use(self):
        if self.wechat.accepts(self.me.value):
            return [self._step("calls WeChat", "ok", Process())]
        me = Process() if self.me.retry else self.me._replace(at="reject")
        return [self._step("calls WeChat", "40001", me)]

    def _reject(self):
        store = model.reject(self.store, self.me.value, self.without)
        breaks = ""
        if store != self.store and store.rejected != self.store.value:
            breaks = "a rejection drops another value"
        me = Process("ask", retry=True, asleep=self.me.asleep)
        return [
            self._step("rejects", f"T{self.me.value}", me, store=store, breaks=breaks)
        ]

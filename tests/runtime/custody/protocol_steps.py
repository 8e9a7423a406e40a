"""Steps that the system of protocol_model can take from a state."""

from __future__ import annotations

from tests.runtime.custody.protocol_model import (
    ENDED,
    FETCHING,
    KEPT,
    LAST,
    YOUNG,
    Process,
    State,
    Step,
    acquire,
    claim_force,
    commit,
    fetch,
    give_up,
    held,
    reject,
)


def steps(s, may, without=frozenset(), *, calm=False):
    """Return all steps; calm ones begin no call and bring no misfortune."""
    found = []
    for place, me in enumerate(s.processes):
        if not (me.asleep or (calm and me.at == "idle")):
            found += ACTS[me.at](s, place, me, without)
    if calm:
        return found or _moments(s)
    found += [_lost(s, each) for each in found if each.after[:KEPT] != s[:KEPT]]
    for place, me in enumerate(s.processes):
        found += _misfortunes(s, place, me, without)
    found += _moments(s) + _times(s) + _disasters(s)
    return [each for each in found if _allowed(each.after.had, may)]


def _allowed(had, may):
    return all(each <= most for each, most in zip(had, may, strict=True))


def _begin(s, place, me, without):
    found = _ask(s, place, me, without)
    if me.memory:
        recalled = s.put(place, me.to("recalled", value=me.memory))
        found.append(Step(place, "recalls", f"T{me.memory}", recalled))
    return found


def _ask(s, place, me, without):
    if me.memory and "asking again" in without:
        again = s.put(place, me.to("use", value=me.memory))
        return [Step(place, "recalls", f"T{me.memory}", again)]
    verdict, s = acquire(s, without)
    lease = me.to("send", fence=s.fence, holder=s.holder, rejected=s.rejected)
    me = {
        "FRESH": me.using(s, without),
        "WAIT": me.to("wait", fence=s.fence),
        "PAUSED": me.done(),
    }.get(verdict, lease)
    return [Step(place, "acquires", verdict, s.put(place, me))]


def _wait(s, place, me, without):
    if s.leased and s.fence == me.fence:
        return []
    return [Step(place, "hears nothing", "", s.put(place, me.to("ask")))]


def _send(s, place, me, without, *, force=False):
    s = fetch(s, force=force)._replace(fetches=s.fetches + (not force))
    if force and me.late:
        # The value of another is dead at once, which nobody else can know.
        s = s._replace(blind=s.current)
    if s.repeats and s.current_age > YOUNG and s.current not in (s.value, s.rejected):
        # How long it has lived already, nobody says.
        s = s._replace(blind=s.current)
    me = me._replace(at="answer", value=s.current, forced=force)
    what = "forces" if force else "fetches"
    return [Step(place, what, f"T{s.current}", s.put(place, me))]


def _force(s, place, me, without):
    return _send(s, place, me, without, force=True)


def _answer(s, place, me, without):
    if s.repeats or me.value != me.rejected or me.forced or "comparison" in without:
        return _commit(s, place, me, without)
    verdict, s = claim_force(s, me, without)
    at = {"granted": "force", "refused": "failed", "late": "answer"}[verdict]
    me = me._replace(at=at, rejected=0)
    return [Step(place, "claims force", verdict, s.put(place, me))]


def _commit(s, place, me, without):
    stored, s = commit(s, me, without)

    def then(each):
        return each.using(s, without) if s.live else each.to("ask")

    s = _told(s, me.fence, then) if stored else s
    outcome = "stored" if stored else "refused"
    return [Step(place, "commits", outcome, s.put(place, then(me)))]


def _failed(s, place, me, without):
    told, s = give_up(s, me, without)
    s = _told(s, me.fence, lambda each: each.done()) if told else s
    return [Step(place, "gives up", "", s.put(place, me.done()))]


def _told(s, fence, heard):
    processes = tuple(
        heard(each)._replace(asleep=each.asleep)
        if (each.at, each.fence) == ("wait", fence)
        else each
        for each in s.processes
    )
    return s._replace(processes=processes)


def _use(s, place, me, without):
    if s.oldest <= me.value:
        return [Step(place, "calls WeChat", "ok", s.put(place, me.done()))]
    me = me.done() if me.retry else me._replace(at="reject")
    return [Step(place, "calls WeChat", "40001", s.put(place, me))]


def _reject(s, place, me, without):
    s = reject(s, me.value, without)
    forgets = me.memory == me.value and "asking again" not in without
    memory = 0 if forgets else me.memory
    failed = me.value if s.repeats else 0
    s = s.put(place, Process("ask", retry=True, failed=failed, memory=memory))
    return [Step(place, "rejects", f"T{me.value}", s)]


ACTS = {
    "idle": _begin,
    "ask": _ask,
    "wait": _wait,
    "send": _send,
    "answer": _answer,
    "force": _force,
    "failed": _failed,
    "recalled": _use,
    "use": _use,
    "reject": _reject,
}


def _lost(s, step):
    """Return the step with its write undone by a failover."""
    me = step.after.processes[step.who]
    # After a lost rejection the next try counts as a call of its own.
    retry = me.retry and step.what != "rejects"
    me = me._replace(retry=retry, late=me.late or me.at == "send")
    after = s.put(step.who, me, blind=s.current).after("losses")
    return step._replace(outcome=f"{step.outcome}, and it is lost", after=after)


def _misfortunes(s, place, me, without):
    if me.at == "idle":
        return []
    blind = me.value if me.late else 0
    crashed = s.put(place, Process(), blind=max(s.blind, blind)).after("crashes")
    found = [Step(place, "crashes", "", crashed)]
    if me.asleep:
        awake = s.put(place, me._replace(asleep=False))
        found.append(Step(place, "wakes up", "", awake))
        if me.at in FETCHING and held(s, me, without):
            renewed = awake._replace(leased=True)
            found.append(Step(place, "wakes up and renews", "", renewed))
        return found
    asleep = s.put(place, me._replace(asleep=True)).after("sleeps")
    found.append(Step(place, "falls asleep", "", asleep))
    if me.at in FETCHING:
        failed = s.put(place, me._replace(at="failed")).after("failures")
        found.append(Step(place, "loses the connection", "", failed))
    return found


def _moments(s):
    found = [
        Step(-1, "the second is over", "", s.put(place, me._replace(memory=0)))
        for place, me in enumerate(s.processes)
        if me.memory
    ]
    awake = any(held(s, each) for each in s.processes if not each.asleep)
    if s.leased and not awake:
        processes = tuple(
            each._replace(late=each.late or held(s, each)) for each in s.processes
        )
        after = s._replace(leased=False, processes=processes)
        found.append(Step(-1, "the lease runs out", "", after))
    if s.insisted:
        over = s._replace(insisted=0, fetches=0)
        found.append(Step(-1, "the wait is over", "", over))
    if s.paused:
        after = s._replace(paused=False, fetches=0)
        found.append(Step(-1, "the pause ends", "", after))
    return found


def _times(s):
    """Time passes while nobody awake is busy and no early refresh is due."""
    awake = {each.at for each in s.processes if not each.asleep}
    if awake != {"idle"} or (s.live and s.marked) or _moments(s):
        return []
    found = [Step(-1, "minutes pass", "", _older(s, LAST))]
    if s.age == YOUNG or not s.live:
        after = _older(s, YOUNG)._replace(fetches=0)
        found.append(Step(-1, "hours pass", "", after))
    return found


def _older(s, least):
    """Return the state in which whatever has this age or a greater one is older."""
    age, current_age, rejected_age = (
        min(each + (each >= least), ENDED)
        for each in (s.age, s.current_age, s.rejected_age)
    )
    oldest = max(s.oldest, s.current + (current_age == ENDED))
    # Its answer that would have told so is still with one who is frozen.
    unseen = s.live and s.value < oldest and not s.repeats
    blind = s.value if unseen else s.blind
    ages = {"age": age, "current_age": current_age, "oldest": oldest}
    if s.rejected and s.repeats:
        ages["rejected_age"] = rejected_age
    return s._replace(claimed=False, forced=False, blind=blind, **ages)


def _disasters(s):
    found = []
    if s[:KEPT] != State()[:KEPT]:
        processes = tuple(
            each._replace(late=each.at in FETCHING) for each in s.processes
        )
        empty = State(*State()[:KEPT], *s[KEPT:])._replace(processes=processes)
        found.append(Step(-1, "Redis is emptied", "", empty.after("losses")))
    if s.repeats and s.oldest <= s.current:
        # Its next fetch brings another one: it has ended before its time.
        other = s._replace(oldest=s.current + 1, current_age=ENDED, blind=s.current)
        other = other.after("intrusions")
        found.append(Step(-1, "the platform ends the token early", "", other))
    if s.plain or s.oldest == s.current:
        # In stable mode WeChat goes on handing out what it no longer accepts.
        other = fetch(s, force=False) if s.plain else s._replace(oldest=s.current + 1)
        other = other._replace(blind=other.current).after("intrusions")
        found.append(Step(-1, "another retires the token", "", other))
    return found

"""Model of the open platform's chain under the lease protocol: refresh tokens as well.

The scripts are those of protocol_model. Around them are the account's document, which
is durable, the refresh token that waits in Redis, and WeChat, which may give another
refresh token with each access token and then knows the old one no more. Tokens are
numbers; a newer one is larger.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from tests.runtime.custody.protocol_model import (
    ENDED,
    Process,
    State,
    acquire,
    commit,
    held,
)

AT_WORK = ("load", "restore", "send", "refused", "heal", "answer", "noted", "commit")


class Hand(NamedTuple):
    """What one process holds: the refresh token that it used, and the one it got."""

    base: int = 0
    refresh: int = 0


class Had(NamedTuple):
    """How often each misfortune has happened, or may happen."""

    expiries: int = 0
    sleeps: int = 0
    crashes: int = 0
    losses: int = 0
    anew: int = 0


class Chain(NamedTuple):
    """The protocol's state, and what the chain adds to it."""

    s: State = State(oldest=0)
    hands: tuple[Hand, ...] = (Hand(), Hand())
    document: int = 1
    pending: tuple[Hand, ...] = ()  # in Redis, one for each base
    granted: int = 1  # the refresh token that WeChat takes
    put_due: bool = False  # a new authorisation's token is not in Redis yet
    unnoted: bool = False  # a refresh token may be lost before it reached Redis
    had: Had = Had()


class Step(NamedTuple):
    """What happens (`who` is the process' place, -1 the environment)."""

    who: int
    what: str
    after: Chain


def steps(c, may, without=frozenset(), *, calm=False):
    """Return all steps; calm ones bring no misfortune."""
    found = []
    for place, me in enumerate(c.s.processes):
        if not me.asleep:
            found += _act(c, place, me, without)
    found += _moments(c)
    if not calm:
        for place, me in enumerate(c.s.processes):
            found += _misfortunes(c, place, me)
        found += _disasters(c, without)
    return [each for each in found if _allowed(each.after.had, may)]


def _allowed(had, may):
    return all(each <= most for each, most in zip(had, may, strict=True))


def _to(c, place, at, *, hand=None, s=None, **changes):
    s = s or c.s
    me = s.processes[place]._replace(at=at)
    hands = c.hands
    if hand is not None:
        hands = (*hands[:place], hand, *hands[place + 1 :])
    return c._replace(s=s.put(place, me), hands=hands, **changes)


def _act(c, place, me, without):
    hand = c.hands[place]
    if me.at in ("idle", "wait"):
        return _ask(c, place, me)
    if me.at == "load":
        return _load(c, place, without)
    if me.at == "restore":
        hand = Hand(hand.refresh)
        return [Step(place, "restores", _saved(c, place, "send", hand, without))]
    if me.at == "send":
        return _send(c, place, hand)
    if me.at == "refused":
        return _refused(c, place, hand, without)
    if me.at == "heal":
        then = Hand(hand.refresh)
        return [Step(place, "saves", _saved(c, place, "send", then, without))]
    if me.at == "answer":
        others = () if "by base" in without else _other_than(c, hand.base)
        pending = c.pending if "pending" in without else (*others, hand)
        at = "commit" if "save first" in without else "noted"
        return [Step(place, "notes", _to(c, place, at, pending=pending))]
    if me.at == "noted":
        at = "idle" if "save first" in without else "commit"
        return [Step(place, "saves", _saved(c, place, at, hand, without))]
    return _commit(c, place, me, hand, without)


def _ask(c, place, me):
    if me.at == "wait" and c.s.leased and c.s.fence == me.fence:
        return []
    verdict, s = acquire(c.s)
    if verdict == "FRESH":
        return [Step(place, "uses", _to(c, place, "idle"))] if me.at == "wait" else []
    at = "wait" if verdict == "WAIT" else "load"
    mine = Process(at, fence=s.fence, holder=s.holder)
    return [Step(place, verdict, c._replace(s=s.put(place, mine)))]


def _load(c, place, without):
    found = _found(c)
    if found and "pending" not in without:
        return [Step(place, "finds", _to(c, place, "restore", hand=found))]
    return [Step(place, "loads", _to(c, place, "send", hand=Hand(c.document)))]


def _send(c, place, hand):
    if hand.base != c.granted:
        return [Step(place, "gets 61023", _to(c, place, "refused"))]
    s = c.s._replace(current=c.s.current + 1)
    me = s.processes[place]._replace(value=s.current)
    s = s.put(place, me)
    same = _to(c, place, "commit", s=s, hand=Hand(hand.base, hand.base))
    got = Hand(hand.base, c.granted + 1)
    other = _to(c, place, "answer", s=s, hand=got, granted=c.granted + 1)
    return [Step(place, "fetches", same), Step(place, "fetches, R is new", other)]


def _refused(c, place, hand, without):
    if c.document != hand.base and "reading anew" not in without:
        return [Step(place, "reads", _to(c, place, "send", hand=Hand(c.document)))]
    if (found := _found(c)) and "looking again" not in without:
        return [Step(place, "finds", _to(c, place, "restore", hand=found))]
    if "asking" in without:
        s = c.s._replace(holder=0, leased=False)
        return [Step(place, "gives up", _to(c, place, "idle", s=s, hand=Hand()))]
    hand = Hand(hand.base, c.granted)
    return [Step(place, "asks WeChat", _to(c, place, "heal", hand=hand))]


def _saved(c, place, at, then, without):
    """Write the hand's refresh token, if the document still has its base."""
    hand = c.hands[place]
    is_known = c.document == hand.base or "compare" in without
    document = hand.refresh if is_known else c.document
    if at == "send" and not is_known:
        then = Hand(document)
    pending = () if "forget" in without else _other_than(c, hand.base)
    return _to(c, place, at, hand=then, document=document, pending=pending)


def _found(c):
    """Return what Redis has for the document's refresh token."""
    return next((each for each in c.pending if each.base == c.document), None)


def _other_than(c, base):
    return tuple(each for each in c.pending if each.base != base)


def _commit(c, place, me, hand, without):
    stored, s = commit(c.s, me)
    at = "noted" if "save first" in without and hand.refresh > hand.base else "idle"
    after = _to(c, place, at, s=s, hand=hand if at == "noted" else Hand())
    return [Step(place, "commits" if stored else "is refused", after)]


def _moments(c):
    found = []
    awake = any(
        held(c.s, me) and me.at in AT_WORK and not me.asleep for me in c.s.processes
    )
    if c.s.leased and not awake:
        after = c._replace(s=c.s._replace(leased=False))
        found.append(Step(-1, "the lease runs out", after))
    return found


def _misfortunes(c, place, me):
    if me.asleep:
        awake = c._replace(s=c.s.put(place, me._replace(asleep=False)))
        return [Step(place, "wakes up", awake)]
    if me.at not in AT_WORK:
        return []
    unnoted = c.unnoted or me.at == "answer"
    had = c.had._replace(crashes=c.had.crashes + 1)
    crashed = _to(c, place, "idle", hand=Hand(), unnoted=unnoted, had=had)
    had = c.had._replace(sleeps=c.had.sleeps + 1)
    asleep = c._replace(s=c.s.put(place, me._replace(asleep=True)))
    asleep = asleep._replace(unnoted=unnoted, had=had)
    return [Step(place, "crashes", crashed), Step(place, "falls asleep", asleep)]


def _disasters(c, without):
    found = []
    if c.s.value and c.s.live:
        had = c.had._replace(expiries=c.had.expiries + 1)
        after = c._replace(s=c.s._replace(age=ENDED), had=had)
        found.append(Step(-1, "the value ends", after))
    had = c.had._replace(losses=c.had.losses + 1)
    empty = c.s._replace(value=0, fence=0, holder=0, leased=False, rejected=0)
    empty = empty._replace(had=empty.had._replace(losses=had.losses))
    empty = c._replace(s=empty, pending=(), unnoted=True, had=had)
    found.append(Step(-1, "Redis is emptied", empty))
    if not c.put_due:
        had = c.had._replace(anew=c.had.anew + 1)
        s = c.s._replace(current=c.s.current + 1)
        granted = c.granted + 1
        changes = {"granted": granted, "document": granted, "put_due": True}
        after = c._replace(s=s._replace(oldest=s.current), had=had, **changes)
        found.append(Step(-1, "the account authorises anew", after))
    else:
        fence = c.s.fence + ("put fence" not in without)
        holder = c.s.holder if "put fence" in without else 0
        put = c.s._replace(value=c.s.oldest, age=0, fence=fence, holder=holder)
        put = put._replace(leased=bool(holder) and c.s.leased)
        if c.s.oldest > c.s.value:
            after = c._replace(s=put, put_due=False)
        else:
            after = c._replace(put_due=False)
        found.append(Step(-1, "its token is put", after))
    return found


def canonical(c):
    """Return the state with its numbers made small and its processes sorted.

    Only order and equality of tokens and fences matter.
    """
    s = c.s
    token = _small([s.value, s.current, s.oldest, *(me.value for me in s.processes)])
    fence = _small([s.fence, *(me.fence for me in s.processes)])
    # A refresh token never comes back, so what was given for an older one is of no use.
    pending = [each for each in c.pending if each.base >= c.document]
    in_hands = [each for hand in (*pending, *c.hands) for each in hand]
    refresh = _small([c.document, c.granted, *in_hands])
    pairs = sorted(
        (
            me._replace(value=token[me.value], fence=fence[me.fence]),
            Hand(*(refresh[each] for each in hand)),
        )
        for me, hand in zip(s.processes, c.hands, strict=True)
    )
    s = s._replace(
        value=token[s.value],
        current=token[s.current],
        oldest=token[s.oldest],
        fence=fence[s.fence],
        processes=tuple(me for me, _ in pairs),
    )
    return c._replace(
        s=s,
        hands=tuple(hand for _, hand in pairs),
        document=refresh[c.document],
        granted=refresh[c.granted],
        pending=tuple(
            sorted(Hand(*(refresh[each] for each in hand)) for hand in pending)
        ),
    )


def _small(numbers):
    return {each: place for place, each in enumerate(sorted({0, *numbers}))}


class Exploration(NamedTuple):
    """The number of states, and the shortest path that breaks a promise."""

    states: int
    broken: str = ""
    story: tuple[str, ...] = ()


def explore(may, without=frozenset()):
    """Visit all states reachable from an empty Redis; end at a broken promise."""
    first = canonical(Chain())
    before = {first: None}
    calm_before = {}
    queue = deque(before)
    while queue:
        chain = queue.popleft()
        for step in steps(chain, may, without):
            if broken := _broken(chain, step):
                story = (*_story(before, chain), f"{step.who} {step.what}")
                return Exploration(len(before), broken, story)
            after = canonical(step.after)
            if after not in before:
                before[after] = (chain, f"{step.who} {step.what}")
                queue.append(after)
        for step in steps(chain, may, without, calm=True):
            calm_before.setdefault(canonical(step.after), []).append(chain)
    lost = _lost(before, calm_before)
    if lost is not None:
        story = _story(before, lost)
        return Exploration(len(before), "nobody gets a token any more", story)
    return Exploration(len(before))


def _broken(before, step):
    """Return the promise that a step breaks, if any."""
    after = step.after
    if after.document < before.document:
        return "an older refresh token replaces a newer one"
    if 0 < after.s.value < before.s.value:
        return "a late answer overwrites a newer token"
    if step.what == "commits" and before.hands[step.who].refresh > after.document:
        return "a token counts before its refresh token is durable"
    if step.what == "asks WeChat" and not (before.unnoted or _on_its_way(before)):
        return "WeChat is asked for what Redis or the document has"
    return ""


def _on_its_way(c):
    """Tell whether somebody has got the refresh token that counts, and not noted it."""
    return any(
        me.at == "answer" and hand.refresh == c.granted
        for me, hand in zip(c.s.processes, c.hands, strict=True)
    )


def _lost(states, calm_before):
    """Return a state from which no calm steps lead to a token that counts."""
    good = [each for each in states if each.s.live and not each.put_due]
    done, ends = set(good), list(good)
    while ends:
        for each in calm_before.get(ends.pop(), ()):
            if each not in done:
                done.add(each)
                ends.append(each)
    waiting = (
        each
        for each in states
        if each not in done
        and not each.put_due
        and not any(me.asleep for me in each.s.processes)
    )
    return next(waiting, None)


def _story(before, chain):
    told = []
    while before[chain] is not None:
        chain, what = before[chain]
        told.append(what)
    return tuple(reversed(told))

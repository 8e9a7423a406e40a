"""Breadth-first search of the token protocol's states for a broken promise."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tests.runtime.custody.protocol_model import FETCHING, LAST, Had
from tests.runtime.custody.protocol_steps import steps

COSTS = Had(sleeps=2, crashes=1, failures=1, losses=2, intrusions=2)
"""Fetches that a misfortune may cost beyond the one of each expiry."""


@dataclass(frozen=True)
class Exploration:
    """The number of states, and the shortest path that breaks a promise."""

    states: int
    broken: str = ""
    story: tuple[str, ...] = ()


def explore(first, may, without=frozenset(), *, seek=""):
    """Visit all states reachable from the first; end early at a broken promise.

    With `seek`, only at one whose text begins so.
    """
    before = {canonical(first): None}
    queue = deque(before)
    while queue:
        state = queue.popleft()
        for step in steps(state, may, without):
            broken = broken_promise(state, step.after)
            after = canonical(step.after)
            if broken and broken.startswith(seek):
                path = [*_path(before, state), after]
                story = _story(first, path, may, without)
                return Exploration(len(before), broken, story)
            if after not in before:
                before[after] = state
                queue.append(after)
    stuck = _stuck(before, may, without)
    if stuck is not None:
        story = _story(first, _path(before, stuck), may, without)
        return Exploration(len(before), "somebody waits forever", story)
    return Exploration(len(before))


def broken_promise(before, s):
    """Return the promise that a step breaks, if any."""
    if sum(p.at in FETCHING and not p.late for p in s.processes) > 1:
        return "two holders of the lease fetch at once"
    if 0 < s.value < before.value:
        return "a late answer overwrites a newer one"
    if s.fence and not s.value and before.value not in (0, s.rejected):
        return "a rejection drops another value"
    if broken := _broken_by_one(before, s):
        return broken
    if s.live and s.value > s.blind and not _sound(s):
        return "the stored value is retired, and nobody replaces it early"
    # At its due time the platform repeats the value, and at its end gives another.
    most = (
        1
        + s.repeats
        + sum(cost * times for cost, times in zip(COSTS, s.had, strict=True))
    )
    if s.fetches > most:
        return f"{s.fetches} fetches for one expiry"
    return ""


def _broken_by_one(before, s):
    for was, me in zip(before.processes, s.processes, strict=True):
        if me.at == "force" != was.at and (before.claimed or me.late):
            return "force_refresh by one who may not"
        if me.at == "use" != was.at and me.value < s.oldest:
            if me.value > s.blind:
                return "a dead value is served"
            if me.retry and sum(s.had) < 2:
                return "a call is served a dead value twice"
    return ""


def _sound(s):
    """Tell whether the stored value works, and is the newest or replaced early."""
    answers = [p.value for p in s.processes if p.at in ("answer", "failed")]
    replaced = s.age == LAST or s.marked or max(answers, default=0) > s.value
    return s.value >= s.oldest and (s.value == s.current or replaced)


def canonical(s):
    """Return the state with its numbers made small and its processes sorted.

    Only order and equality of tokens and fences matter to the protocol.
    """
    values = [s.value, s.rejected, s.insisted, s.current]
    for each in s.processes:
        values += [each.value, each.rejected, each.failed, each.memory]
    blind = s.blind if any(0 < each <= s.blind for each in values) else 0
    token = _small([*values, s.oldest, blind])
    s = with_small_fences(s)
    processes = [
        each._replace(
            value=token[each.value],
            rejected=token[each.rejected],
            failed=token[each.failed],
            memory=token[each.memory],
        )
        for each in s.processes
    ]
    return s._replace(
        value=token[s.value],
        rejected=token[s.rejected],
        insisted=token[s.insisted],
        current=token[s.current],
        oldest=token[s.oldest],
        blind=token[blind],
        processes=tuple(sorted(processes)),
    )


def with_small_fences(s):
    """Return the state as if an emptied Redis had counted its fences anew."""
    fence = _small([s.fence, *(each.fence for each in s.processes)])
    processes = tuple(each._replace(fence=fence[each.fence]) for each in s.processes)
    return s._replace(fence=fence[s.fence], processes=processes)


def _small(numbers):
    return {each: place for place, each in enumerate(sorted({0, *numbers}))}


def _stuck(states, may, without):
    """Return a state from which the surviving calls may never end, if there is one."""
    behind, ways = {}, {}
    for state in states:
        after = {
            canonical(each.after) for each in steps(state, may, without, calm=True)
        }
        ways[state] = 0 if _at_rest(state) else len(after)
        for each in after:
            behind.setdefault(each, []).append(state)
    ends = [state for state in states if _at_rest(state)]
    done = set(ends)
    while ends:
        for state in behind.get(ends.pop(), ()):
            ways[state] -= 1
            if ways[state] == 0:
                done.add(state)
                ends.append(state)
    return next((state for state in states if state not in done), None)


def _at_rest(s):
    return all(each.at == "idle" or each.asleep for each in s.processes)


def _path(before, state):
    path = []
    while state is not None:
        path.append(state)
        state = before[state]
    return path[::-1]


def _story(state, path, may, without):
    """Return the path as text; each process and each token keeps its name."""
    told = []
    for goal in path[1:]:
        step = next(
            each for each in steps(state, may, without) if canonical(each.after) == goal
        )
        who = "ABC"[step.who] if step.who >= 0 else "-"
        told.append(f"{who} {step.what} {step.outcome}".strip())
        state = with_small_fences(step.after)
    return tuple(told)

"""Model of token custody: processes, the scripts in Redis, and WeChat.

Time has three sizes: leases, pauses and memories run out in moments, WeChat's overlaps
end in minutes, values come of age in hours. Tokens and fences are numbers; a newer one
is larger. `without` names guards that are taken out, to see what they are good for.
"""

from __future__ import annotations

from typing import NamedTuple

YOUNG, LAST, ENDED = range(3)  # a value is due in its LAST minutes
KEPT = 13  # this many fields of State are in Redis
FETCHING = ("send", "answer", "force")


class Process(NamedTuple):
    """One process in one call: its position and what it knows."""

    at: str = "idle"
    value: int = 0
    fence: int = 0
    holder: int = 0
    rejected: int = 0
    retry: bool = False
    failed: int = 0  # the value for which it retries
    forced: bool = False
    late: bool = False  # its lease has run out or was lost
    asleep: bool = False
    memory: int = 0  # the value that it saw within the last second

    def to(self, at, **hand):
        kept = {"retry": self.retry, "failed": self.failed, "memory": self.memory}
        return Process(at, asleep=self.asleep, **kept, **hand)

    def done(self):
        return Process(memory=self.memory)

    def using(self, s, without=()):
        """Return it with the stored value, or done where that has just failed it."""
        if s.repeats and s.value == self.failed and "same value" not in without:
            return self.done()  # it answers what the platform said
        return self.to("use", value=s.value).remembering(s)

    def remembering(self, s):
        """Return it after a look at the stored value, which counts while not due."""
        young = s.age == YOUNG
        return self._replace(memory=s.value if young else self.memory)


class Had(NamedTuple):
    """How often each misfortune has happened, or may happen."""

    sleeps: int = 0
    crashes: int = 0
    failures: int = 0
    losses: int = 0
    intrusions: int = 0


class State(NamedTuple):
    """The state of Redis first, then of WeChat, then the rest."""

    value: int = 0
    age: int = YOUNG
    marked: bool = False  # due before its time
    fence: int = 0
    holder: int = 0
    leased: bool = False
    rejected: int = 0
    suspect: bool = False
    paused: bool = False
    claimed: bool = False
    settled: bool = False  # fetched again, so due at its end alone
    rejected_age: int = YOUNG
    insisted: int = 0  # came again although rejected: for a moment it stays
    plain: bool = True
    current: int = 0
    oldest: int = 1  # WeChat accepts tokens from this one on
    current_age: int = ENDED
    forced: bool = False
    processes: tuple[Process, ...] = (Process(), Process())
    fetches: int = 0  # unforced ones, since a value came of age or a pause ended
    blind: int = 0  # up to this token, no store can know what befell it
    had: Had = Had()
    repeats: bool = False  # a fetch brings the same token while that lives

    @property
    def live(self):
        return self.value > 0 and self.age < ENDED

    def put(self, place, process, **changes):
        others = self.processes
        processes = (*others[:place], process, *others[place + 1 :])
        return self._replace(processes=processes, **changes)

    def after(self, misfortune, **changes):
        had = self.had._replace(**{misfortune: getattr(self.had, misfortune) + 1})
        return self._replace(had=had, **changes)


class Step(NamedTuple):
    """What a process does (`who` is its place, -1 the environment), and its outcome."""

    who: int
    what: str
    outcome: str
    after: State


def acquire(s, without=()):
    """Return the verdict and the state after it."""
    if s.live and (s.age == YOUNG or s.settled) and not s.marked:
        return "FRESH", s
    leased = s.holder if "takeover" in without else s.leased
    if leased and "lease" not in without:
        return "FRESH" if s.live else "WAIT", s
    if s.paused:
        return "FRESH" if s.live else "PAUSED", s
    # No uuid: what tells holders of the same fence apart is that a loss lies between.
    taken = s._replace(fence=s.fence + 1, holder=1 + s.had.losses, leased=True)
    return "DUE" if s.live else "MINE", taken


def held(s, me, without=()):
    """Tell whether this process still has the lease."""
    mine = s.holder == me.holder or "holder" in without
    return mine and s.fence == me.fence and (s.leased or "lapse" in without)


def commit(s, me, without=()):
    """Return whether the answer is stored, and the state after it."""
    orphan = not s.fence and "emptied" in without
    if not (held(s, me, without) or orphan or "fence" in without):
        return False, _tainted(s, me, without)
    kept = State(me.value, fence=me.fence, claimed=s.claimed, marked=s.suspect)
    ages = {s.rejected: s.rejected_age, s.value: s.age} if s.repeats else {}
    if me.value in ages and "old expiry" not in without:
        kept = kept._replace(age=ages[me.value], settled=True)
    again = s.repeats and me.value == s.rejected and "wait" not in without
    kept = kept._replace(insisted=me.value if again else s.insisted)
    return True, State(*kept[:KEPT], *s[KEPT:])


def give_up(s, me, without=()):
    """Return whether the waiters are told, and the state after it."""
    if held(s, me, without):
        return True, s._replace(holder=0, leased=False, paused=True)
    return False, s if "lost answer" in without else _tainted(s, me, without)


def reject(s, value, without=()):
    """Return the state without this value."""
    if s.value != value and "compare" not in without:
        return s
    if s.value == s.insisted:
        return s
    gone = s._replace(value=0, age=YOUNG, marked=False, settled=False)
    return gone._replace(rejected=value, rejected_age=s.age)


def claim_force(s, me, without=()):
    """Return the verdict and the state after it."""
    if not held(s, me, without) and "force held" not in without:
        return "late", s
    if s.claimed and "force limit" not in without:
        return "refused", s
    return "granted", s._replace(claimed=True)


def fetch(s, *, force):
    """Return the state after a fetch, which WeChat answers with its current token."""
    due = ENDED if s.repeats else LAST
    renews = not s.forced if force else s.current_age >= due
    if not (s.plain or renews):
        return s
    oldest = s.current + 1 if force else s.oldest
    new = s._replace(current=s.current + 1, current_age=YOUNG, oldest=oldest)
    return new._replace(forced=s.forced or force)


def _tainted(s, me, without):
    # WeChat may have retired another's value for this one, which came too late.
    if not (s.plain or me.forced):
        return s
    if s.holder:
        return s._replace(suspect="suspect" not in without)
    return s._replace(marked=s.value > 0 and "early refresh" not in without)

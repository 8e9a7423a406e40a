"""Process with callers of one approach: it reads a JSON order and prints an answer.

    {"get": [appid, ...], "at": t}   a thread each, all begin at t: [[token, ended]]
    {"load": appid, "callers": n, "at": t, "seconds": s, "slow": s}   each calls every
                         5 ms: the ends of its calls that took longer than slow
    {"refresh": appid}   what the timer does: the outcome

Times are seconds on the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.approaches import Approach, make_approach

EVERY = 0.005


def main(name: str, redis_url: str, upstream_url: str, lock: str) -> None:
    """Obey orders until stdin ends."""
    approach = make_approach(name, redis_url, upstream_url, lock=float(lock))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(_obey(approach, json.loads(line))), flush=True)


def _obey(approach: Any, order: dict[str, Any]) -> Any:
    if "refresh" in order:
        return approach.refresh(order["refresh"])
    if "load" in order:
        return _all([partial(_load, approach, **order)] * order["callers"])
    return _all([partial(_get, approach, each, order["at"]) for each in order["get"]])


def _all(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    results: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        results[place] = calls[place]()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return results


def _get(approach: Approach, appid: str, at: float) -> tuple[str, float]:
    _sleep_until(at)
    try:
        token = approach.get(appid)
    except Exception as error:  # a lock reports at its release that it was lost
        token = type(error).__name__
    return token, time.monotonic()


def _load(
    approach: Approach, load: str, at: float, seconds: float, slow: float, **_: int
) -> list[float]:
    ended, due, slow_ones = 0.0, at, []
    while due < at + seconds:
        _sleep_until(due)
        began = time.monotonic()
        approach.get(load)
        ended = time.monotonic()
        if ended - began > slow:
            slow_ones.append(ended)
        due = max(due + EVERY, ended)
    return slow_ones


def _sleep_until(at: float) -> None:
    time.sleep(max(0.0, at - time.monotonic()))


if __name__ == "__main__":
    main(*sys.argv[1:])

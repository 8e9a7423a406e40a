"""Lines about budgets that are used up: few, and none of the numbers is lost."""

from __future__ import annotations

import threading

from runtime.push.room_log import LEAST_SECONDS, RoomLog

ONE, OTHER = "wx" + "1" * 16, "wx" + "2" * 16


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_flood_logs_a_line_a_minute(caplog):
    """The first at once; each line counts what came since the one before."""
    clock = Clock()
    log = RoomLog(clock)
    for _ in range(3):
        for _ in range(1000):
            log.note_dropped(ONE, 2)
            log.note_refused(ONE)
        clock.now += LEAST_SECONDS
    log.note_dropped(ONE, 1)

    dropped, refused = "pushes dropped", "pushes not acknowledged"
    assert [
        *(f"{ONE}: 2 {dropped}", f"{ONE}: 1 {refused}"),
        *(f"{ONE}: 2000 {dropped}", f"{ONE}: 1000 {refused}") * 2,
        f"{ONE}: 1999 {dropped}",
    ] == [each.removesuffix(", budget used up") for each in caplog.messages]


def test_each_app_and_each_thing_has_its_own(caplog):
    log = RoomLog(Clock())
    for appid in (ONE, OTHER):
        log.note_dropped(appid, 1)
        log.note_lost(appid, 3)

    assert 4 == len(caplog.messages)
    assert f"{OTHER}: 3 dead letters dropped, budget used up" in caplog.messages


def test_nothing_is_no_news(caplog):
    log = RoomLog(Clock())
    log.note_dropped(ONE, 0)
    log.note_lost(ONE, 0)

    assert [] == caplog.messages


def test_threads_lose_nothing(caplog):
    clock = Clock()
    log = RoomLog(clock)
    log.note_refused(ONE)

    def flood():
        for _ in range(2000):
            log.note_refused(ONE)

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.now += LEAST_SECONDS
    log.note_refused(ONE)

    assert f"{ONE}: 8001 pushes not acknowledged, budget used up" == caplog.messages[-1]

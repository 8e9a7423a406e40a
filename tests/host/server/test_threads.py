"""Thread pool of an event loop."""

import asyncio
import threading

import pytest

from host.server.threads import Threads


def run(work):
    """Run what a function makes of two threads; return what it returns.

    Nothing may go wrong in the loop beside it.
    """
    wrong = []

    async def running():
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: wrong.append(context)
        )
        threads = Threads(2, name="work")
        try:
            return await asyncio.wait_for(work(threads), 20)
        finally:
            threads.stop()

    result = asyncio.run(running())
    assert [] == wrong
    return result


def test_results_come_to_those_who_wait():
    """Each future gets the result of its own work."""

    async def work(threads):
        numbers = [threads.run(lambda number=number: -number) for number in range(500)]
        return await asyncio.gather(*numbers)

    assert [-number for number in range(500)] == run(work)


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_a_failure_is_the_callers(error):
    """An exception goes to the future, and the thread goes on."""

    async def work(threads):
        def fail():
            raise error

        failed = [threads.run(fail) for _ in range(4)]
        told = await asyncio.gather(*failed, return_exceptions=True)
        return [type(each) for each in told], await threads.run(lambda: "well")

    assert ([error] * 4, "well") == run(work)


def test_as_many_as_are_needed_and_no_more():
    """Sequential work uses one thread, parallel work up to the maximum."""

    async def work(threads):
        alone = {await threads.run(threading.get_ident) for _ in range(5)}
        both = threading.Barrier(2)
        at_once = [
            threads.run(lambda: (both.wait(10), threading.get_ident())[1])
            for _ in range(50)
        ]
        return len(alone), len({*alone, *await asyncio.gather(*at_once)})

    assert (1, 2) == run(work)


def test_they_have_names():
    """Threads have names for stacks and debuggers."""
    assert "work_1" == run(
        lambda threads: threads.run(lambda: threading.current_thread().name)
    )


def hold(threads):
    """Keep both threads busy; return what lets them go, and who waits for them."""
    gate, busy = threading.Event(), threading.Barrier(3)
    held = [threads.run(lambda: (busy.wait(10), gate.wait(10))) for _ in range(2)]
    busy.wait(10)
    return gate, held


def test_what_is_cancelled_in_time_is_not_begun():
    """Work that is cancelled in time is not started; the next one is."""

    async def work(threads):
        gate, held = hold(threads)
        begun = []
        cancelled = threads.run(lambda: begun.append("cancelled"))
        following = threads.run(lambda: begun.append("following"))
        cancelled.cancel()
        gate.set()
        await asyncio.gather(*held, following)
        return begun

    assert ["following"] == run(work)


def test_a_result_that_comes_too_late_is_lost():
    """The result of cancelled work is dropped, and its thread goes on."""

    async def work(threads):
        gate, held = hold(threads)
        for each in held:
            each.cancel()
        gate.set()
        return await threads.run(lambda: "next")

    assert "next" == run(work)


def test_what_waits_at_the_end_is_not_begun():
    """After stop() running work is finished and waiting work dropped."""
    begun = []

    async def work(threads):
        gate, _ = hold(threads)
        threads.run(lambda: begun.append("waiting"))
        threads.stop()
        gate.set()

    run(work)
    for each in threading.enumerate():
        if each.name.startswith("work_"):
            each.join(10)

    left = [each for each in threading.enumerate() if each.name.startswith("work_")]
    assert ([], []) == (left, begun)


def test_nobody_waits_for_a_thread_that_hangs():
    """A hanging thread does not keep the process alive."""
    gate = threading.Event()

    async def work(threads):
        threads.run(lambda: gate.wait(10))

    run(work)
    thread = next(each for each in threading.enumerate() if each.name == "work_1")
    gate.set()
    thread.join(10)

    assert (True, False) == (thread.daemon, thread.is_alive())

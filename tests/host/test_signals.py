"""An interruption of the start reaches it, even where Python drops it at first."""

import signal

import pytest

from host.signals import Interruption

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Callback:
    """What is raised while it is forgotten is dropped, as in callbacks of imports."""

    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
        len(())  # a handler runs before the next call at the latest


@pytest.fixture
def interruption():
    before = [signal.getsignal(number) for number in NUMBERS]
    yield Interruption(*NUMBERS)
    for number, handler in zip(NUMBERS, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_it_comes_at_once(interruption, number):
    """Wherever the start is just then."""
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_was_dropped_comes_later(interruption):
    """Nobody starts to serve who was told to end."""
    callback = Callback()
    del callback

    with pytest.raises(KeyboardInterrupt):
        interruption.check()


def test_none_comes_by_itself(interruption):
    """A start that nobody interrupts goes on."""
    interruption.check()

"""Command line of the sandbox: the simulated platform as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from sandbox.clock import Clock
from sandbox.component.events import push_due_tickets
from sandbox.ids import Ids
from sandbox.urls import make_application
from sandbox.world import World

HOST = "127.0.0.1"
LAST_PORT = 65535


async def serve(port: int, seed: int) -> int:
    """Answer until SIGTERM or SIGINT; return the exit status."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    world = World(Clock(), Ids(seed))
    application = make_application(world)
    try:
        application.listen(port, HOST)
    except OSError as error:
        print(f"cannot listen on {HOST}:{port}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"ready http://{HOST}:{port}", flush=True)
    tickets = asyncio.create_task(push_tickets(world))
    await stop.wait()
    tickets.cancel()
    # Open long polls are cancelled now, which is no error.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    return 0


async def push_tickets(world: World) -> None:
    """Push components' tickets when they are due, whether the clock is moved or not."""
    while True:
        await asyncio.sleep(1)
        await push_due_tickets(world)


def main() -> int:
    """Run with the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="The simulated WeChat platform."
    )
    parser.add_argument("--port", type=_port, default=8001, help="on 127.0.0.1")
    parser.add_argument("--seed", type=int, default=1, help="of all ids and secrets")
    options = parser.parse_args()
    return asyncio.run(serve(options.port, options.seed))


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"a number from 1 to {LAST_PORT}, not {text!r}")


if __name__ == "__main__":
    sys.exit(main())

"""A shell of an unprivileged user on the fresh machine, to which a test types.

The user has a terminal, so programs ask for secrets as they would ask a person.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import subprocess
import time
from contextlib import suppress

ENDED = re.compile(r"\x1dended (\d+)\x1d")
SECONDS = 600

_ENTER = """
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
exec chroot --userspec="$1" "$0" env --ignore-environment --default-signal "${@:2}" \
    bash --norc --noprofile --noediting -i
"""


class Failed(AssertionError):
    """A command did not end with 0; the message is what the terminal shows."""


class Terminal:
    """`shown` is all that has been printed; nothing outlives `close`."""

    def __init__(self, root, environment, *, user="newcomer"):
        given = [f"{name}={value}" for name, value in environment.items()]
        inside = ["bash", "-euc", _ENTER, str(root), user, *given]
        parent, child = pty.openpty()
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", *inside],
            stdin=child,
            stdout=child,
            stderr=child,
            preexec_fn=_take_terminal,
        )
        os.close(child)
        self._terminal = parent
        self.shown = ""
        # Without an echo and a prompt, what is shown is what commands say.
        self.type("stty -echo; PS1= PS2=; cd")
        self.shown = ""

    def type(self, block, answers=None, seconds=SECONDS):
        """Type lines, answer what is asked, and return what was printed.

        A line that fails fails the block, whatever follows it. `answers` are the
        secrets that programs ask for, by the text of the question, each once.
        """
        answers = dict(answers or {})
        end = "|| { ended=$?; break; }"
        lines = [f"eval {shlex.quote(each)} {end}" for each in _commands(block)]
        # One command: whoever asks for a secret first drops what has been typed ahead.
        script = "\n".join(["{ ended=0; for once in 1; do", *lines, "done"])
        before = len(self.shown)
        self._send(f"{script}\nprintf '\\035ended %s\\035' $ended; }}\n")
        deadline = time.monotonic() + seconds
        while not (ended := ENDED.search(self.shown, before)):
            self._read(deadline)
            for question in [*answers]:
                if f"{question}: " in self.shown[before:]:
                    self._send(answers.pop(question) + "\n")
        said = self.shown[before : ended.start()].replace("\r\n", "\n")
        if ended[1] != "0":
            raise Failed(f"{block}\n{said}")
        assert not answers, f"not asked for: {answers.keys()}"
        return said

    def close(self):
        """End the shell and all that runs on the machine."""
        self._process.kill()
        self._process.wait(20)
        os.close(self._terminal)

    def _send(self, text):
        os.write(self._terminal, text.encode())

    def _read(self, deadline):
        ready, _, _ = select.select([self._terminal], [], [], 1)
        if ready:
            with suppress(UnicodeDecodeError):
                self.shown += os.read(self._terminal, 65536).decode("utf-8", "replace")
        if self._process.poll() is not None or time.monotonic() > deadline:
            raise Failed(f"the terminal shows:\n{self.shown[-4000:]}")


def _take_terminal():
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _commands(block):
    """Return the commands of a block, each with its lines."""
    found, open_lines = [], []
    for line in block.splitlines():
        open_lines.append(line)
        text = "\n".join(open_lines)
        complete = subprocess.run(
            ["bash", "-n"], input=text, capture_output=True, text=True, check=False
        )
        if complete.returncode == 0 and not text.endswith("\\"):
            if text.strip():
                found.append(text)
            open_lines = []
    assert not open_lines, block
    return found

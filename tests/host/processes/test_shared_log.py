"""The log of several processes: whole entries, and files that nobody else rotates."""

import itertools
import os
import re
import threading
import time
from string import ascii_uppercase

from tests.host.processes.prefork_hosts import FRESH, PreforkHost, at_once

LONG = "/answers/fails_at_length"


def test_entries_of_the_log_stay_whole(tmp_path):
    """Long entries are written in one piece, even to a slow reader."""
    os.mkfifo(tmp_path / "stderr")
    read = []

    def take():
        with (tmp_path / "stderr").open("rb", buffering=0) as log:
            while piece := log.read(4096):
                read.append(piece)
                time.sleep(0.0005)  # so the pipe is full most of the time

    reader = threading.Thread(target=take)
    reader.start()
    letters = itertools.cycle(ascii_uppercase)
    with PreforkHost(tmp_path) as host:
        for _ in range(6):
            at_once(lambda: host.get(f"{LONG}?{next(letters)}", **FRESH), 8)
    reader.join()
    text = b"".join(read).decode()
    whole = re.findall(r"ValueError: begin (([A-Z])\2{19999}) end\n", text)

    assert 48 == len(whole)


def test_each_has_a_log_file_of_its_own(tmp_path):
    """Each process rotates its own file, so that no line is lost."""
    log = ("--log_file_prefix=host.log", "--log_file_max_size=2000")
    with PreforkHost(tmp_path, *log, "--log_file_num_backups=99") as host:
        host.hear_from(*host.wait_for())
        for _ in range(10):
            at_once(lambda: host.get("/echo", **FRESH), 8)
    files = sorted(tmp_path.glob("host.log*"))
    named = {re.sub(r"\.\d+$", "", file.name) for file in files}
    lines = [line for file in files for line in file.read_text().splitlines()]

    assert {"host.log", "host.log-1", "host.log-2", "host.log-3"} == named
    assert len(files) > 4
    assert 80 == len({line for line in lines if "GET /echo 200" in line})

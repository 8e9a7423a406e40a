"""Memory of a process, as the operating system counts it."""

from pathlib import Path


def peak_mb(pid):
    """Return the most memory that the process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024

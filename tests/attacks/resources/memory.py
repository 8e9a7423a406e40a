"""Memory of a process, as the operating system counts it."""

from pathlib import Path


def peak_mb(pid):
    """Return the most memory that the process has had, in MB."""
    return _megabytes(pid, "VmHWM")


def memory_mb(pid):
    """Return the memory that the process has now, in MB."""
    return _megabytes(pid, "VmRSS")


def forget_peak(pid):
    """Let the peak be what the process has now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _megabytes(pid, name):
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith(name))
    return int(line.split()[1]) / 1024

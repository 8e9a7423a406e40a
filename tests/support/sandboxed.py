"""Program that walks a unit's sandbox as nearly as Linux allows without systemd.

    unshare --mount --propagation private python3 -m tests.support.sandboxed JSON

It runs as root in a mount namespace of its own, mounts what the unit's directives say,
drops to a user without rights, loads the filter of system calls, and becomes the
unit's program, with the sockets from descriptor 3 on.
"""

import ctypes
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - the sandbox's own
_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 38, 65
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def main(text):
    """Do it all; only the program's own exit code comes back."""
    plan = json.loads(text)
    allowed = _system_calls(plan["filter"]) if plan["filter"] else None
    _mount(plan)
    if plan["socket"] is not None:
        os.dup2(plan["socket"], 3)
        os.set_inheritable(3, True)
    _drop_to(plan["user"])
    if plan["no_exec_memory"]:
        _call(ctypes.CDLL(None).prctl, _PR_SET_MDWE, 1, 0, 0, 0)
    if allowed:
        _load(allowed, plan["families"])
    os.chdir(plan["folder"])
    os.umask(plan["umask"])
    environ = dict(plan["environ"])
    if plan["socket"] is not None:
        environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execve(plan["command"][0], plan["command"], environ)  # noqa: S606 - the unit's


def _mount(plan):
    def run(*words):
        subprocess.run(["mount", *words], check=True, timeout=10)

    for parent, child, source in plan["binds"]:
        run("-t", "tmpfs", "tmpfs", parent)
        Path(child).mkdir()
        run("--bind", source, child)
    for folder in plan["hidden"]:
        run("-t", "tmpfs", "-o", "mode=0000", "tmpfs", folder)
    if plan["private_tmp"]:
        for folder in _TEMPORARY:
            run("-t", "tmpfs", "-o", "mode=1777", "tmpfs", folder)
    if plan["read_only"]:
        writable = ("/proc", "/sys", "/dev", *_TEMPORARY, *plan["writable"])
        mounted = [
            line.split()[1]
            for line in Path("/proc/self/mounts").read_text().splitlines()
        ]
        for place in dict.fromkeys(mounted):
            if not any(
                place == each or place.startswith(f"{each}/") for each in writable
            ):
                run("-o", "remount,ro,bind", place)


def _drop_to(user):
    for capability in range(64):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    _call(ctypes.CDLL(None).prctl, _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _system_calls(lines):
    """Return the names that SystemCallFilter= allows, by systemd's own sets."""
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter"],
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout
    sets, name = {}, ""
    for line in listed.splitlines():
        if line.startswith("@"):
            name = line.strip()
            sets[name] = []
        elif line.startswith("    ") and not line.strip().startswith("#"):
            sets[name].append(line.strip())

    def names(word):
        if not word.startswith("@"):
            return {word}
        return set().union(*(names(each) for each in sets[word]))

    allowed = names("@default")
    for line in lines:
        found = set().union(*(names(word) for word in line.lstrip("~").split()))
        allowed = allowed - found if line.startswith("~") else allowed | found
    return allowed


def _load(allowed, families):
    class Compare(ctypes.Structure):
        _fields_ = [
            ("arg", ctypes.c_uint),
            ("op", ctypes.c_int),
            ("a", ctypes.c_uint64),
            ("b", ctypes.c_uint64),
        ]

    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_ERRNO | errno.EPERM))
    for name in sorted(allowed):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0 or name == "socket":
            continue
        library.seccomp_rule_add(context, _ALLOW, number, 0)
    number = library.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        equal = Compare(0, 4, family, 0)  # SCMP_CMP_EQ
        _call(library.seccomp_rule_add_array, context, _ALLOW, number, 1, equal)
    _call(library.seccomp_load, context)


def _call(function, *arguments):
    arguments = [
        ctypes.byref(each) if isinstance(each, ctypes.Structure) else each
        for each in arguments
    ]
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__} failed")


if __name__ == "__main__":
    main(sys.argv[1])

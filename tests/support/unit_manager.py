"""Stand-in for systemd, which cannot run here: it starts, replaces and stops units.

It reads the shipped units, refuses a directive that it does not know, and runs their
programs by tests/support/sandboxed.py. `systemctl` on its PATH talks to it.
"""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

from tests.support.local_hosts import ROOT, TIMEOUT

USER = 64321
_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}

NOT_WALKED = {
    *("DynamicUser", "User", "LimitNOFILE", "MemoryMax", "TasksMax", "Restart"),
    *("RestartSec", "KillMode", "NotifyAccess", "StateDirectoryMode"),
    *("PrivateDevices", "PrivateUsers", "PrivateMounts", "ProtectProc", "ProcSubset"),
    *("ProtectClock", "ProtectHostname", "ProtectControlGroups", "ProtectKernelLogs"),
    *("ProtectKernelModules", "ProtectKernelTunables", "AmbientCapabilities"),
    *("RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality"),
    *("RemoveIPC", "KeyringMode", "SystemCallArchitectures", "SystemCallErrorNumber"),
}
"""Known, but only systemd itself does it, or it changes nothing that a test sees."""

_WALKED = {
    *("Type", "Sockets", "WorkingDirectory", "EnvironmentFile", "Environment"),
    *("ExecStartPre", "ExecStart", "TimeoutStartSec", "TimeoutStopSec"),
    *("StateDirectory", "UMask", "ProtectSystem", "ProtectHome", "PrivateTmp"),
    *("NoNewPrivileges", "CapabilityBoundingSet", "RestrictAddressFamilies"),
    *("MemoryDenyWriteExecute", "SystemCallFilter"),
}

_SYSTEMCTL = """#!{python} -S
import socket, sys
with socket.socket(socket.AF_UNIX) as asking:
    asking.connect({place!r})
    asking.sendall(" ".join(sys.argv[1:]).encode())
    asking.shutdown(socket.SHUT_WR)
    sys.exit(int(asking.recv(10) or b"1"))
"""


def read_unit(file):
    """Return sections, each with the list of values of each key."""
    sections, section = {}, {}
    for line in file.read_text("utf-8").splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = sections.setdefault(match[1], {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections


class UnitManager:
    """Units of `destination`, the DESTDIR of install.sh; `port` is the socket's."""

    def __init__(self, destination, folder, *, port, changes=()):
        self._destination, self._folder = destination, folder
        self._changes = changes
        self._units = destination / "etc/systemd/system"
        self._running = {}
        self.enabled = set()
        self.tools = folder / "tools"
        self.tools.mkdir()
        place = str(folder / "systemctl.socket")
        tool = self.tools / "systemctl"
        tool.write_text(_SYSTEMCTL.format(python=sys.executable, place=place))
        tool.chmod(0o755)
        socket_unit = read_unit(self._units / "wechat-gateway.socket")["Socket"]
        address, _, shipped = socket_unit["ListenStream"][0].rpartition(":")
        assert (address, shipped) == ("127.0.0.1", "8080")
        self.listening = socket.create_server(
            (address, port), backlog=int(socket_unit["Backlog"][0])
        )
        self._asked = socket.socket(socket.AF_UNIX)
        self._asked.bind(place)
        self._asked.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        """Stop all."""
        for name in list(self._running):
            self.stop(name)
        self._asked.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT)
        self._asked.close()
        self.listening.close()

    def log(self):
        """Return what the instances have written."""
        return "".join(file.read_text() for file in sorted(self._folder.glob("*.log")))

    def is_active(self, name):
        """Tell whether the unit runs."""
        process = self._running.get(name)
        return process is not None and process.poll() is None

    def restart(self, name):
        """Start an instance anew; return whether it became ready."""
        self.stop(name)
        service = self._service(name)
        for command in service.get("ExecStartPre", ()):
            if self._launch(name, service, command).wait(60):
                return False
        address = f"\0{uuid.uuid4()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            notices.bind(address)
            notices.settimeout(0.1)
            (command,) = service["ExecStart"]
            process = self._launch(
                name, service, command, passed=True, notify="@" + address[1:]
            )
            self._running[name] = process
            deadline = time.monotonic() + TIMEOUT
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    if notices.recv(100) == b"READY=1":
                        return True
                except TimeoutError:
                    continue
        return False

    def run_in_sandbox(self, instance, *words):
        """Return what Python prints that runs as the service does, with these words."""
        name = f"wechat-gateway@{instance}.service"
        service = self._service(name)
        (python, *_) = shlex.split(service["ExecStart"][0])
        log = self._folder / "tried.log"
        log.unlink(missing_ok=True)
        command = shlex.join([python, *words])
        assert self._launch("tried", service, command).wait(60) == 0, log.read_text()
        return log.read_text()

    def stop(self, name):
        """End an instance as KillMode=mixed does."""
        process = self._running.pop(name, None)
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0, self.log()

    def _service(self, name):
        instance = re.fullmatch(r"wechat-gateway@([ab])\.service", name)[1]
        service = read_unit(self._units / "wechat-gateway@.service")["Service"]
        unknown = set(service) - _WALKED - NOT_WALKED
        assert not unknown, f"this stand-in does not know {unknown}"
        text = json.dumps(service).replace("%i", instance)
        for old, new in self._changes:
            assert old in text, old
            text = text.replace(old, new)
        return json.loads(text)

    def _launch(self, name, service, command, *, passed=False, notify=""):
        def one(key):
            return service.get(key, [""])[-1]

        state = self._destination / "var/lib" / one("StateDirectory")
        state.mkdir(parents=True, exist_ok=True)
        for each in [state, *state.rglob("*")]:
            os.chown(each, USER, USER)
        environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        environ |= dict(each.split("=", 1) for each in shlex.split(one("Environment")))
        environ |= self._environment_file(one("EnvironmentFile"))
        if notify:
            environ["NOTIFY_SOCKET"] = notify
        place = self.listening.fileno() if passed else None
        plan = {
            "command": shlex.split(command),
            "environ": environ,
            "folder": one("WorkingDirectory"),
            "socket": place,
            "user": USER,
            "umask": int(one("UMask"), 8),
            "binds": [
                [
                    "/opt",
                    "/opt/wechat-gateway",
                    str(self._destination / "opt/wechat-gateway"),
                ],
                ["/var/lib", f"/var/lib/{one('StateDirectory')}", str(state)],
            ],
            "writable": [f"/var/lib/{one('StateDirectory')}"],
            "hidden": ["/root", "/home"] if one("ProtectHome") == "yes" else [],
            "private_tmp": one("PrivateTmp") == "yes",
            "read_only": one("ProtectSystem") == "strict",
            "no_exec_memory": one("MemoryDenyWriteExecute") == "yes",
            "filter": service["SystemCallFilter"],
            "families": [
                _FAMILIES[each] for each in one("RestrictAddressFamilies").split()
            ],
        }
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [
                    *("unshare", "--mount", "--propagation", "private"),
                    *("/usr/bin/python3", ROOT / "tests/support/sandboxed.py"),
                    json.dumps(plan),
                ],
                env={"PATH": os.environ["PATH"]},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[place] if passed else [],
            )

    def _environment_file(self, place):
        file = self._destination / Path(place).relative_to("/")
        assert (0, 0o600) == (file.stat().st_uid, file.stat().st_mode & 0o777)
        lines = [
            line for line in file.read_text().splitlines() if line[:1] not in ("", "#")
        ]
        return dict(line.split("=", 1) for line in lines)

    def _serve(self):
        while True:
            try:
                connection, _ = self._asked.accept()
            except OSError:
                return
            with connection:
                words = connection.makefile("r").read().split()
                try:
                    code = self._do([each for each in words if each != "--quiet"])
                except Exception as error:
                    print(f"systemctl {words}: {error!r}", file=sys.stderr)
                    code = 1
                connection.sendall(str(code).encode())

    def _do(self, words):
        verb, name = words
        if verb == "is-active":
            return 0 if self.is_active(name) else 3
        if verb == "restart":
            return 0 if self.restart(name) else 1
        if verb == "stop":
            self.stop(name)
        elif verb == "enable":
            self.enabled.add(name)
        elif verb == "disable":
            self.enabled.discard(name)
        else:
            return 1
        return 0

"""Root file systems made from the fresh machine, and processes that run in them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

SYSTEM = ("bin", "dev", "etc", "lib", "lib64", "sbin", "usr")
MADE = ("home", "proc", "root", "run", "tmp", "var/lib", "var/tmp")
CHROOT = shutil.which("chroot") or "/usr/sbin/chroot"
PATH = "/opt/base/bin:/usr/local/bin:/usr/bin:/bin"


def copied(machine, folder):
    """Make a root file system with the machine's programs, and nothing of a user."""
    folder.mkdir()
    present = [machine / name for name in SYSTEM if (machine / name).exists()]
    words = ["cp", "--archive", "--one-file-system", *present, folder]
    subprocess.run(words, check=True, timeout=120)
    for name in MADE:
        (folder / name).mkdir(parents=True)
    return folder


def run(root, command, *, folder="/", environ=None):
    """Run a shell's command as root in a root file system; return what it says."""
    done = subprocess.run(
        [CHROOT, root, "/bin/sh", "-ec", f"cd {shlex.quote(folder)}\n{command}"],
        env={"PATH": PATH, **_network(), **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == done.returncode, f"{command}\n{done.stdout}"
    return done.stdout


def _network():
    names = ("PIP_CERT", "PIP_INDEX_URL", "http_proxy", "https_proxy", "no_proxy")
    return {name: os.environ[name] for name in names if name in os.environ}


CONFINE = """
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
for folder in tmp var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$0/$folder"; done
for folder in $1; do mount --bind "$0$folder" "$0$folder"; done
mount -o remount,bind,ro "$0"
if [ -n "$5" ]; then exec 3<&"$5"; export LISTEN_FDS=1; fi
exec "$CHROOT" "$0" setpriv --reuid="$2" --regid="$2" --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all \
    sh -ec 'cd "$1"; umask 077; LISTEN_PID=$$ && export LISTEN_PID; shift; exec "$@"' \
    sh "$3" "${@:6}"
"""


def start(root, words, *, user, environ, folder, writable, log, listening=None):
    """Start a process of a user without rights, in a read-only root file system.

    `writable` are the folders that are not; `listening` is passed on as systemd does.
    """
    passed = [] if listening is None else [listening.fileno()]
    with log.open("ab") as output:
        return subprocess.Popen(
            [
                *("unshare", "--mount", "bash", "-euc", CONFINE, root),
                *(" ".join(writable), str(user), folder, "", *map(str, passed or [""])),
                *words,
            ],
            env={**environ, "CHROOT": CHROOT},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=passed,
        )


class Image:
    """Dockerfile's instructions, carried out without an engine; others are refused."""

    def __init__(self, machine, folder, context):
        self._machine, self._folder, self._context = machine, folder, context
        self._stages, self._folder_of = {}, {}
        self.environ, self.user, self.entrypoint, self.volumes = {}, "0", [], []
        self.root, self._at = None, "/"

    def build(self, text):
        """Carry out all stages; `root` is then the file system of the last one."""
        text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
        for line in text.splitlines():
            if line.strip():
                name, _, words = line.partition(" ")
                getattr(self, f"_{name.lower()}")(words.strip())
        return self

    def _arg(self, words):
        pass  # no build argument is given, and each has a default or none

    def _from(self, words):
        base, _, name = words.partition(" AS ")
        assert base == "${BASE}"
        self.root = copied(self._machine, self._folder / f"stage{len(self._stages)}")
        self._stages[name] = self.root
        self.environ, self._at = {}, "/"
        base_programs(self.root)

    def _workdir(self, words):
        self._at = words
        (self.root / words.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _copy(self, words):
        options = re.findall(r"--(\w+)=(\S+)", words)
        *sources, place = re.sub(r"--\S+", "", words).split()
        given = dict(options)
        assert {"from", "chown"} >= given.keys()
        target = self.root / os.path.join(self._at, place).lstrip("/")
        for each in sources:
            origin = self._stages.get(given.get("from"), self._context)
            source = origin / each.lstrip("/")
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)
        if "chown" in given:
            os.chown(target, *map(int, given["chown"].split(":")))

    def _run(self, words):
        run(self.root, words, folder=self._at, environ={**self.environ, "REVISION": ""})

    def _env(self, words):
        for each in shlex.split(words):
            name, _, value = each.partition("=")
            self.environ[name] = value.replace("$PATH", PATH)

    def _user(self, words):
        self.user = words.partition(":")[0]

    def _volume(self, words):
        self.volumes.append(words)

    def _expose(self, words):
        pass

    def _healthcheck(self, words):
        pass

    def _entrypoint(self, words):
        self.entrypoint = json.loads(words)


def base_programs(root):
    """Give a root file system what the published base image has: python and pip."""
    run(root, "python3 -m venv /opt/base && ln -s python3 /opt/base/bin/python || true")


def whitelisted(tree, folder):
    """Copy what .dockerignore lets into the build's context."""
    folder.mkdir()
    ignore = shutil.ignore_patterns("*.pot", "*.mo", "*.pyc", "__pycache__")
    rules = Path(tree, ".dockerignore").read_text("utf-8").split()
    for name in (rule[1:] for rule in rules if rule.startswith("!")):
        source, target = tree / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copy(source, target)
    return folder

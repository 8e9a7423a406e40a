"""docs/operating: every verb has its row and an example, and each one is real."""

from __future__ import annotations

import http.server
import io
import json
import os
import re
import shlex
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest

from manage import main
from management.commands import COMMANDS
from management.parser import parse
from runtime.gateway import Gateway
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.routes import matching
from runtime.settings import settings_from
from runtime.usage.counters import day_key, minute_key
from tests.support.documentation import ROOT, code_blocks, names, rows, section
from tests.support.push_callback import serve_callback
from tests.support.pushes import text

PUSH = "1796000180123-0"
"""The id of a push, as docs/operating/pushes.md has it."""

INDEX = ROOT / "docs/operating.md"
COMMAND_LINE = ROOT / "docs/operating/command-line.md"
PROGRAM = "$ python manage.py "
TYPED = {
    "appsecret": "0123456789abcdef" * 2,
    "new-appsecret": "fedcba9876543210" * 2,
    "push-secrets": f"pushToken\n{'P' * 43}\n",
    "present-secrets": f"oldToken\n{'K' * 43}\n",
}


def tasks():
    """Return the pages in the order in which the index lists them."""
    listed = re.findall(
        r"\]\((operating/[\w-]+\.md)\) \|$", INDEX.read_text("utf-8"), re.M
    )
    return [INDEX.parent / path for path in listed]


def examples():
    """Return each command of the pages with the lines that follow it."""
    found = []
    for page in tasks():
        for block in code_blocks(page.read_text("utf-8"), "console"):
            for line in block.splitlines():
                if line.startswith("$"):
                    found.append((line.removeprefix(PROGRAM), []))
                else:
                    found[-1][1].append(line)
    return found


def test_the_index_lists_every_page_once():
    """In one screen of fifty lines, each row of the table leading to one page."""
    assert sorted(tasks()) == sorted(INDEX.with_suffix("").glob("*.md"))
    assert len(INDEX.read_text("utf-8").splitlines()) <= 50


def test_every_verb_has_its_row():
    """In the order in which manage.py lists them."""
    assert [" ".join(name) for name in COMMANDS] == names(
        rows(section(COMMAND_LINE, "Verbs"))
    )


def test_every_verb_has_an_example():
    """With a command line that is understood."""
    shown = [words for words, _ in examples()]

    assert [
        " ".join(name)
        for name in COMMANDS
        if not any(f"{words} ".startswith(f"{' '.join(name)} ") for words in shown)
    ] == []


@pytest.mark.parametrize(("noun", "verb"), COMMANDS)
def test_every_option_has_its_place(noun, verb, capsys):
    """Each option that a verb has of its own stands in its row."""
    with pytest.raises(SystemExit):
        parse([noun, *verb.split(), "--help"])
    own = capsys.readouterr().out.partition("options of every command:")[0]
    options = set(re.findall(r"^  (--[a-z-]+)", own, re.MULTILINE))
    table = {row[0].strip("`"): row[1] for row in rows(section(COMMAND_LINE, "Verbs"))}
    told = table[f"{noun} {verb}"]
    if verb.endswith("update"):  # which says that it takes what the other one takes
        told += table.get(f"{noun} {verb.removesuffix('update')}add", "")

    assert [each for each in sorted(options) if each not in told] == []


CALLS = {"/cgi-bin/message/custom/send|45015": 3, "/cgi-bin/user/info|0": 125}

LISTED = "wx00000000000000a1", "wx00000000000000a2"

ANSWERS = {
    "api_component_token": {"component_access_token": "C", "expires_in": 7200},
    "api_start_push_ticket": {"errcode": 0, "errmsg": "ok"},
    "api_get_authorizer_list": {
        "total_count": 2,
        "list": [
            {
                "authorizer_appid": LISTED[0],
                "refresh_token": "refreshtoken@@@1",
                "auth_time": 1796025600,
            },
            {"authorizer_appid": LISTED[1], "auth_time": 1796025600},
        ],
    },
    "api_get_authorizer_info": {
        "authorizer_info": {
            "service_type_info": {"id": 2},
            "user_name": "gh_0123456789ab",
        },
        "authorization_info": {
            "authorizer_appid": LISTED[0],
            "authorizer_refresh_token": "refreshtoken@@@1",
            "func_info": [{"funcscope_category": {"id": each}} for each in (1, 15)],
        },
    },
}


class WeChat(http.server.BaseHTTPRequestHandler):
    """Answers as /cgi-bin/stable_token does, and for a component."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def do_GET(self):
        name = self.path.partition("?")[0].rpartition("/")[2]
        token = {"access_token": "75_x", "expires_in": 7200}
        answer = json.dumps(ANSWERS.get(name, token)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def wechat():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), WeChat) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def run(environ, wechat, tmp_path, monkeypatch, capsys):
    """Run what stands behind the program's name; return what it prints, in lines."""
    os.environ.update(environ, WECHAT_API_URL=wechat)
    # As docs/operating/pushes.md says.
    os.environ["PUSH_PRIVATE_NETWORKS"] = "127.0.0.0/8,10.0.0.0/8"
    monkeypatch.chdir(tmp_path)

    def run(command):
        command, _, file = command.partition(" < ")
        monkeypatch.setattr(sys, "stdin", io.StringIO(TYPED.get(file, "")))
        code = main(shlex.split(command))
        output, errors = capsys.readouterr()
        assert (0, "") == (code, errors), command
        return output.splitlines()

    return run


@pytest.fixture
def service():
    """A service that takes pushes; return its host and port."""
    with serve_callback() as callback:
        yield urlsplit(callback.url).netloc


def plain(command, lines):
    """Return the lines without what differs from one run to the next."""
    text = "\n".join(re.sub(" +", " ", line) for line in lines).strip()
    text = re.sub(r"_[0-9a-f]{32}\b", "_SECRET", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:]+(\+00:00|Z)", "DATE", text)
    if command.startswith(("push test", "alert test")):
        text = re.sub(r"(?m)^(milliseconds) [0-9]+$", r"\1 N", text)
    if command.startswith(("push route", "push listen")):
        text = re.sub(r"(?m)^(token) [A-Za-z0-9]{32}$", r"\1 TOKEN", text)
        text = re.sub(r"(?m)^(encoding_aes_key) [A-Za-z0-9]{43}$", r"\1 KEY", text)
        text = re.sub(r"whsec_[A-Za-z0-9+/=]{44}", "SECRET", text)
    if command.startswith("alert add"):
        text = re.sub(r"whsec_[A-Za-z0-9+/=]{44}", "SECRET", text)
    if command.startswith("component add"):
        text = re.sub(r"(?m)^(消息校验 Token) [A-Za-z0-9]{32}$", r"\1 TOKEN", text)
        text = re.sub(r"(?m)^(消息加解密 Key) [A-Za-z0-9]{43}$", r"\1 KEY", text)
    if command.startswith("console link"):
        text = re.sub(r"(?m)^(code) [0-9A-Z]{4}(-[0-9A-Z]{4}){2}$", r"\1 CODE", text)
    if command.startswith("status"):
        text = re.sub(r"(?m)^(version) \S+$", r"\1 VERSION", text)
    if command.startswith("document"):
        text = re.sub(r"(?m)^(who) [\w.-]+@[\w.-]+$", r"\1 WHO", text)
        text = re.sub(r"fingerprint [0-9a-f]{12}\b", "FINGERPRINT", text)
    if command.startswith(("audit list", "document history")):
        text = re.sub(r"(?<= )[\w.-]+@[\w.-]+(?= )", "WHO", text)
    if command.startswith("audit export"):
        text = re.sub(r"(?m)^(acts) \d+$", r"\1 N", text)
    if command.startswith("token show"):
        text = re.sub(r"(?m)(?<= )\d+(h( \d+m)?|[ms])(?= |$)", "N", text)
    return text


def test_the_examples_are_real(run, service, monkeypatch):
    """Their output is what the pages print, run in the order of the index."""
    # What is made while they run, by what the pages print.
    ids = {"127.0.0.1:8090": service}
    monkeypatch.setitem(TYPED, "webhook", f"http://{service}/alerts\n")
    for command, lines in examples():
        if command.startswith("push list") and PUSH not in ids:
            ids[PUSH] = store_dead_letter()
        if command.startswith("component pull"):
            store_ticket()
        if command.startswith("calls"):
            count_calls()
        if command.startswith("alert acknowledge"):
            store_dead_letter()
        output = "\n".join(run(translated(command, ids)))
        if command.startswith("push route add"):
            printed, real = (
                re.search(r"(?m)^id +(\S+)$", text)[1]
                for text in ("\n".join(lines), output)
            )
            ids[printed] = real
        same = translated(output, {real: printed for printed, real in ids.items()})
        assert plain(command, lines) == plain(command, same.splitlines()), command


def count_calls():
    """Count what a client has called, as its processes do."""
    store, now = Gateway(settings_from(os.environ)).redis_store, time.time()
    counts = {
        (key, f"order-desk|wx0123456789abcdef|{path}"): times
        for key in (minute_key(now), day_key(now))
        for path, times in CALLS.items()
    }
    store.count(counts, seconds=lambda key: 3600.0, sized=[])


def store_ticket():
    """Let the component's ticket come."""
    gateway = Gateway(settings_from(os.environ))
    gateway.verify_tickets.put("wx00000000000000c1", "ticket@@@1", created=1)


def store_dead_letter():
    """Store a push that a service has refused, and return its id."""
    gateway = Gateway(settings_from(os.environ))
    app = gateway.registry.app("wx0123456789abcdef")
    message = read_message(text(content="order 5").encode())
    received = Received(message, "n", gateway.push_store.time(), "s", b"k")
    matched = matching(app.routes, message)
    stored = gateway.inbox.store(app.appid, received, matched)
    (target,) = gateway.deliveries.due().targets
    claim = gateway.deliveries.claim(target)
    gateway.deliveries.fail(claim, claim.jobs[0], "status_500", ends=True)
    gateway.deliveries.release(claim)
    return stored.entry


def translated(text, ids):
    """Return the text with each of these ids replaced."""
    for old, new in ids.items():
        text = text.replace(old, new)
    return text

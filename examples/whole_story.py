"""Demonstration: sign-in, an SDK's call, a race for a token, a push for two services.

`make demo` runs it: it starts a gateway with a simulated WeChat platform of its own in
a temporary folder, plays each scene over HTTP, and prints what it saw.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

PROJECT = str(Path(__file__).parents[1])
START_SECONDS = 60
CALLERS = 200
CHANGED_SECONDS = 3
"""A running gateway acts on a changed document within two seconds."""
AT_ONCE = 50
"""Threads of the callers: the machine of a demonstration may be small."""


def found(pattern: str, text: str) -> str:
    """Return what the pattern's group matches."""
    match = re.search(pattern, text, re.MULTILINE)
    expect(match, text)
    return match[1] if match else ""


def expect(holds: object, seen: object) -> None:
    """End the demonstration with what was seen, where something does not hold."""
    if not holds:
        sys.exit(f"this should not happen: {seen}")


class Story:
    """A running gateway with its sandbox and its demo client."""

    def __init__(self, folder: Path, content: str) -> None:
        self.folder = folder
        self.url = found(r"^ready (\S+)$", content)
        self.sandbox = found(r"(\S+)/_sandbox/phone", content)
        self.secret = found(r"^client \S+, secret (\S+)$", content)
        self.apps = {each["kind"]: each for each in self.control("apps")}
        self.appid = str(self.apps["service"]["appid"])

    def control(self, path: str, content: object = None) -> Any:
        """Ask the sandbox's control plane."""
        body = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self.sandbox}/_sandbox/{path}", body, headers)  # noqa: S310
        with urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    def manage(self, *words: str) -> Any:
        """Run the operator's command line, and return what it answers."""
        command = [sys.executable, f"{PROJECT}/manage.py", *words, "--json"]
        done = subprocess.run(  # noqa: S603
            command, cwd=self.folder, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def calls_at_wechat(self, path: str) -> int:
        """Count the requests that reached the simulated WeChat."""
        entries = self.control(f"journal?{urlencode({'path': path})}")
        return len(entries["entries"] if isinstance(entries, dict) else entries)


def sign_in(story: Story) -> None:
    """Scan the sign-in page's QR code with the simulated phone, and confirm."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    browser.addheaders = [("User-Agent", "Mozilla/5.0"), ("Accept", "text/html")]
    page = browser.open(f"{story.url}/login?next=/login/me").read().decode()
    address = found(r'href="([^"]+/connect/qrconnect[^"]+)"', page).replace(
        "&amp;", "&"
    )
    qr_page = browser.open(address).read().decode()
    uuid = found(r"/connect/qrcode/([\w-]+)", qr_page)
    user = story.control("users")[0]
    who = {"uuid": uuid, "openid": user["openid"][story.apps["website"]["appid"]]}
    story.control("phone/scan", who)
    story.control("phone/confirm", who)
    poll = f"{story.sandbox}/connect/l/qrconnect?uuid={uuid}"
    code = found(r"wx_code='([^']+)'", browser.open(poll).read().decode())
    query = parse_qs(urlsplit(address).query)
    back = urlencode({"code": code, "state": query["state"][0]})
    browser.open(f"{query['redirect_uri'][0]}?{back}")
    browser.addheaders = [("Accept", "application/json")]
    me = json.load(browser.open(f"{story.url}/login/me"))
    print(f"   {me['name']} scanned the QR code and is signed in")


def call_by_sdk(story: Story) -> None:
    """Call WeChat's API by wechatpy, with another host and another secret alone."""
    from wechatpy import WeChatClient  # type: ignore[import-untyped]

    class Client(WeChatClient):  # type: ignore[misc]
        API_BASE_URL = f"{story.url}/cgi-bin/"

        def fetch_access_token(self) -> Any:
            """Fetch a token as the SDK does, from the host above."""
            query = {
                "grant_type": "client_credential",
                "appid": self.appid,
                "secret": self.secret,
            }
            url = f"{story.url}/cgi-bin/token"
            return self._fetch_access_token(url=url, params=query)

    client = Client(story.appid, story.secret)
    followers = client.user.get_followers()
    print(f"   wechatpy counts {followers['total']} followers of {story.appid}")
    print(
        "   its token is the gateway's; the AppSecret and WeChat's token stayed there"
    )


def race_for_a_token(story: Story) -> None:
    """Let WeChat's token end, and 200 callers come at once."""
    query = urlencode(
        {
            "grant_type": "client_credential",
            "appid": story.appid,
            "secret": story.secret,
        }
    )
    with urlopen(f"{story.url}/cgi-bin/token?{query}") as answer:  # noqa: S310
        token = json.load(answer)["access_token"]
    story.control("expire", {"appid": story.appid})
    before = story.calls_at_wechat("/cgi-bin/stable_token")
    address = f"{story.url}/cgi-bin/user/get?access_token={token}"

    def call(_: int) -> str:
        with urlopen(address, timeout=60) as answer:  # noqa: S310
            return "answered" if "total" in json.load(answer) else "refused"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        counted = Counter(threads.map(call, range(CALLERS)))
    fetched = story.calls_at_wechat("/cgi-bin/stable_token") - before
    expect((counted["answered"], fetched) == (CALLERS, 1), (counted, fetched))
    print(
        f"   {CALLERS} callers, {counted['answered']} answered, 1 fetch of a new token"
    )


class Service(BaseHTTPRequestHandler):
    """A business service that takes pushes, and says what came."""

    got: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        """Take a push: one service gets WeChat's XML, the other one a CloudEvent."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"].partition(";")[0]
        self.got.append(
            f"{urlsplit(self.path).path[1:]} got {len(body)} bytes of {kind}"
        )
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"success")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def push_to_two_services(story: Story) -> None:
    """Let WeChat push one message, and two services get it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        for name, options in (("shop", ["--reply"]), ("crm", ["--format", "event"])):
            story.manage("client", "add", name)
            added = ["--client", name, "--url", f"{here}/{name}", *options]
            story.manage("push", "route", "add", story.appid, *added)
        time.sleep(CHANGED_SECONDS)
        message = {"MsgType": "text", "Content": "hello"}
        pushed = {"appid": story.appid, "mode": "safe", "message": message}
        answer = story.control("push", pushed)
        deadline = time.monotonic() + START_SECONDS
        while len(Service.got) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        server.shutdown()
    expect((len(Service.got), answer["error"]) == (2, None), (Service.got, answer))
    for line in sorted(Service.got):
        print(f"   {line}")
    print("   WeChat got the answer of the first, `success`, within its five seconds")


SCENES = (
    ("A user signs in by a QR code.", sign_in),
    ("An SDK calls WeChat; only its host and its secret differ.", call_by_sdk),
    ("WeChat's token ends, and all callers come at once.", race_for_a_token),
    ("WeChat pushes a message; two services get it.", push_to_two_services),
)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running() -> Iterator[Story]:
    """Start a gateway with its sandbox in a temporary folder; end it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wechat-gateway-"))
    log = folder / "host.log"
    ports = [f"--port={free_port()}", f"--sandbox_port={free_port()}"]
    command = [sys.executable, f"{PROJECT}/local_host.py", *ports]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not re.search(r"^apps ", log.read_text(), re.M):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the gateway did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield Story(folder, log.read_text())
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(timeout=START_SECONDS)
        shutil.rmtree(folder)


def main() -> None:
    """Play all scenes."""
    with running() as story:
        print(f"A gateway at {story.url}, a simulated WeChat at {story.sandbox}.")
        for number, (title, play) in enumerate(SCENES, 1):
            print(f"\n{number}. {title}")
            play(story)
    print("\nThe same by hand: make run")


if __name__ == "__main__":
    main()

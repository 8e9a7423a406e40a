"""A local host whose sandbox has a component, with accounts that may authorise it."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

from defusedxml.ElementTree import fromstring

from sandbox.message_crypt import decrypt, sign
from tests.support.chromium import IPHONE_WECHAT
from tests.support.local_hosts import eventually
from tests.support.manage_process import run_manage

BACK = "http://127.0.0.1:1/authorized?tenant=7"
STATE = "s/1 ä"


class ComponentHost:
    """The component of a developer's host, a client of it, and two new accounts.

    The accounts are new because those that the host has seeded have secrets of their
    own, which count for them.
    """

    def __init__(self, host):
        self.host, self.url = host, host.url
        self.component = host.app("component")["appid"]
        self.add_accounts()
        self.registered = self.add_client("Tenants")
        self.connect()

    def add_accounts(self):
        """Let there be two accounts that have authorised nothing."""
        self.account = self._add("service", "山海茶铺")
        self.program = self._add("miniprogram", "山海茶铺小程序")

    def connect(self):
        """Enter the gateway's URLs at the platform, and let a ticket come."""
        base = f"{self.url}/wechat_event/{self.component}"
        urls = {"callback_url": f"{base}/ticket", "message_url": f"{base}/$APPID$"}
        self.host.sandbox("POST", "/_sandbox/apps", {"appid": self.component, **urls})
        came = self.act("ticket")
        assert came["push"]["error"] is None, came

    def add_client(self, name, *, scope="/*", back=BACK, app=None):
        """Return id and secret of a client for all accounts of the component."""
        words = [f"--app={app or self.component + '-*'}", f"--scope={scope}"]
        words += [f"--redirect-uri={back}", "--json"]
        done = run_manage(self.host.folder, "client", "add", name, *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def add_route(self, url, *matches, client_id=None, more=()):
        """Relay the component's pushes that match to a client; return the route."""
        words = ["push", "route", "add", self.component, f"--url={url}", "--json"]
        words += [f"--client={client_id or self.registered['client_id']}", *more]
        words += [f"--match={each}" for each in matches]
        done = run_manage(self.host.folder, *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def act(self, action, **fields):
        """Let platform and accounts do something for the component."""
        order = {"appid": self.component, "action": action, **fields}
        return self.host.sandbox("POST", "/_sandbox/component", order)

    def entry(self, **changes):
        """Return path and query of the page that leads a merchant to WeChat's."""
        pairs = {
            "client_id": self.registered["client_id"],
            "redirect_uri": BACK,
            "state": STATE,
            **changes,
        }
        given = {name: value for name, value in pairs.items() if value is not None}
        return f"/connect/component/{self.component}?{urlencode(given)}"

    def decide(self, uuid, *sets, account=None, **more):
        """Let the merchant allow these permission sets on the phone."""
        order = {"uuid": uuid, "func_info": list(sets), **more}
        order["authorizer"] = account or self.account
        return self.host.sandbox("POST", "/_sandbox/phone/merchant", order)

    def asked(self, name):
        """Return the journal of an API of the component."""
        return self.host.journal(f"/cgi-bin/component/{name}")

    def _add(self, kind, name):
        made = self.host.sandbox("POST", "/_sandbox/apps", {"kind": kind, "name": name})
        return made["appid"]


class Relayed:
    """Events as a client's callback gets them, decrypted with its route's key."""

    def __init__(self, callback, route):
        self._callback, self._route = callback, route

    def events(self):
        """Return the fields of each event so far."""
        return [self._opened(each) for each in self._callback.deliveries]

    def first_ticket(self, world):
        """Return a ticket as it is relayed: a new route counts within two seconds."""

        def has_come():
            world.act("ticket")
            return self.of("component_verify_ticket")

        eventually(has_come, pause=0.5)
        return self.of("component_verify_ticket")[0]["ComponentVerifyTicket"]

    def wait_for(self, info_type, number=1):
        """Return the fields of an event when so many of its type have come."""
        eventually(lambda: len(self.of(info_type)) >= number)
        return self.of(info_type)[number - 1]

    def of(self, info_type):
        """Return the fields of each event of this type."""
        return [each for each in self.events() if each["InfoType"] == info_type]

    def _opened(self, delivery):
        outer = {child.tag: child.text for child in fromstring(delivery.body)}
        query = delivery.query
        parts = (query["timestamp"], query["nonce"], outer["Encrypt"])
        assert query["msg_signature"] == sign(self._route["token"], *parts)
        key = self._route["encoding_aes_key"]
        plain = decrypt(outer["Encrypt"], encoding_aes_key=key)
        assert plain.appid == outer["AppId"]
        return {child.tag: child.text for child in fromstring(plain.message)}


class Merchant:
    """A merchant's browser, by HTTP alone: on our page, at WeChat, and back."""

    def __init__(self, world, *, in_wechat=False):
        self.world, self.cookies = world, {}
        self.agent = IPHONE_WECHAT if in_wechat else "Mozilla/5.0 (X11; Linux x86_64)"

    def get(self, url, **headers):
        """Ask for a URL, without following redirects, as this browser."""
        if url.startswith("/"):
            url = self.world.url + url
        said = {"User-Agent": self.agent, "Accept": "text/html", **headers}
        if self.cookies and url.startswith(self.world.url):
            said["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
        answer = self.world.host.http.request("GET", url, headers=said, redirect=False)
        if cookie := answer.headers.get("Set-Cookie"):
            name, _, value = cookie.partition("=")
            self.cookies[name] = value.partition(";")[0]
        return answer

    def link(self, **changes):
        """Open our page and return its link to WeChat's."""
        page = self.get(self.world.entry(**changes))
        assert page.status == 200, page.data
        found = re.search(r'class="button" href="([^"]+)"', page.data.decode())
        assert found, page.data
        return found[1].replace("&amp;", "&")

    def uuid(self, link):
        """Open WeChat's page, as from ours, and return its id."""
        page = self.get(link.partition("#")[0], Referer=f"{self.world.url}/")
        text = page.data.decode()
        found = re.search(r'(?:data-uuid|name="uuid" value)="([^"]+)"', text)
        assert found, text
        return found[1]

    def authorize(self, *sets, **more):
        """Go all the way to the URL at which WeChat sends the browser back."""
        return self.world.decide(self.uuid(self.link()), *(sets or (1, 2, 15)), **more)[
            "back"
        ]


def query_of(url):
    """Return the query of a URL as single values."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

"""A user in WeChat's browser, without a screen: cookies, redirects, consent."""

from __future__ import annotations

from urllib.parse import parse_qsl, urljoin, urlsplit

from tests.support.chromium import IPHONE_WECHAT

MOST_STEPS = 10


class Visitor:
    """Walks through a host; `told` is every value that it was given on the way."""

    def __init__(self, host):
        self._host = host
        self.cookies = {}
        self.told = set()

    def ask(self, method, url, **more):
        """Ask one address, and keep the cookies that it sets."""
        headers = {"User-Agent": IPHONE_WECHAT, "Accept": "text/html"}
        headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        answer = self._host.http.request(
            method,
            url,
            headers={**headers, **more.pop("headers", {})},
            redirect=False,
            **more,
        )
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            self.told.add(value)
        return answer

    def sign_in(self, path, *, to):
        """Sign in from a path of the gateway; return the query at the address `to`."""
        url, method, more = urljoin(self._host.url, path), "GET", {}
        for _ in range(MOST_STEPS):
            answer = self.ask(method, url, **more)
            if answer.status == 200 and url.startswith(self._host.sandbox_url):
                method, more = "POST", {"fields": {"answer": "allow"}}
                more["encode_multipart"] = False
                continue
            assert answer.status in (302, 303), (url, answer.status, answer.data)
            url, method, more = urljoin(url, answer.headers["Location"]), "GET", {}
            query = dict(parse_qsl(urlsplit(url).query))
            self.told |= {query[name] for name in ("code", "state") if name in query}
            if url.startswith(urljoin(self._host.url, to)):
                return query
        raise AssertionError(f"never at {to}")

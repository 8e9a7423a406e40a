"""Two corps in their seeded state, and clients of their apps."""

from urllib.parse import parse_qsl, urlencode

import pytest

CLIENT = {"User-Agent": "Mozilla/5.0 wxwork/4.1.0 MicroMessenger/7.0.1"}
BACK = "http://127.0.0.1:8080/back?a=1"


class CorpApp:
    """One secret of a corp as its holder uses it."""

    def __init__(self, sandbox, app):
        self.sandbox = sandbox
        self.app = app
        self.appid, self.corpid = app["appid"], app["corpid"]
        self.agentid = app["agentid"]

    def gettoken(self, **changes):
        query = {"corpid": self.corpid, "corpsecret": self.app["secret"], **changes}
        return self.sandbox.get("/qyapi/cgi-bin/gettoken", query).json()

    def get(self, path, **query):
        """Ask with a token of the app."""
        return self.raw("GET", path, **query).json()

    def post(self, path, body, **query):
        return self.raw("POST", path, body, **query).json()

    def raw(self, method, path, body=None, headers=None, **query):
        if "access_token" not in query:
            query["access_token"] = self.gettoken().get("access_token", "")
        path = f"/qyapi/cgi-bin/{path}"
        return self.sandbox.call(method, path, query, body=body, headers=headers)

    def change(self, **fields):
        self.app = self.sandbox.control("apps", appid=self.appid, **fields)
        return self.app

    def link(self, **changes):
        """Return the query of a right link inside the client; None takes one out."""
        query = {
            "appid": self.corpid,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": "abc123",
            "agentid": self.agentid,
            **changes,
        }
        return urlencode({name: one for name, one in query.items() if one is not None})

    def open(self, headers=CLIENT, **changes):
        path = "/connect/oauth2/authorize"
        return self.sandbox.get(path, self.link(**changes), headers=headers)

    def agree(self, *fields):
        """Agree on the sheet to tell these fields; return the code."""
        reply = self.sandbox.post(
            "/connect/oauth2/authorize",
            urlencode(
                [("answer", "allow"), *(("field", one) for one in fields)]
            ).encode(),
            query=self.link(scope="snsapi_privateinfo"),
            headers={**CLIENT, "Content-Type": "application/x-www-form-urlencoded"},
        )
        return landing(reply)["code"]

    def code(self):
        return landing(self.open())["code"]

    def hold(self, user):
        """Give the phone to a user."""
        self.sandbox.control("phone/holder", openid=next(iter(user["openid"].values())))


def landing(reply):
    """Return what a redirect carries back to the right address."""
    assert reply.status == 302, reply.text
    address, _, query = reply.headers["Location"].partition("?")

    assert address == BACK.partition("?")[0]
    return dict(parse_qsl(query, keep_blank_values=True))


@pytest.fixture
def corp_apps(sandbox):
    """Return the seeded WeCom apps."""
    apps = sandbox.get("/_sandbox/apps").json()
    return [CorpApp(sandbox, app) for app in apps if app["kind"] == "wecom"]


@pytest.fixture
def own(corp_apps):
    """Return the first corp's own app."""
    return corp_apps[0]


@pytest.fixture
def contacts(corp_apps):
    """Return the first corp's secret for contact sync."""
    return corp_apps[1]


@pytest.fixture
def other(corp_apps):
    """Return the second corp's own app."""
    return corp_apps[2]

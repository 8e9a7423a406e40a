"""Check before the full release: it names each step that a component fails."""

import threading
from collections import Counter

import pytest

from tests.sandbox.component.test_account_messages import opened, sealed

TEXT = "TESTCOMPONENT_MSG_TYPE_TEXT"
QUERY = "QUERY_AUTH_CODE"


class Answering:
    """A component that does what the check demands, but for what a test breaks."""

    def __init__(self, component):
        self.component = component
        self.broken = ""
        self.threads = []
        url = component.callback.url.replace("/push?a=1", "/$APPID$")
        component.sandbox.control("apps", appid=component.appid, message_url=url)
        self.token = component.token()
        component.callback.answer = self.answer

    def answer(self, delivery):
        _, _, message = opened(self.component, delivery)
        if "InfoType" in message:
            kind = message["InfoType"]
            return 200, b"" if self.broken == kind else b"success"
        content = message["Content"]
        if content == TEXT:
            text = "no" if self.broken == TEXT else f"{TEXT}_callback"
            to, sender = message["FromUserName"], message["ToUserName"]
            return 200, sealed(self.component, text, to, sender)
        code = content.partition(":")[2]
        follow = threading.Thread(
            target=self.follow, args=(code, message["FromUserName"])
        )
        follow.start()
        self.threads.append(follow)
        return 200, b"late" if self.broken == QUERY else b""

    def follow(self, code, openid):
        if self.broken == "silence":
            return
        info = self.component.exchange(code, self.token)
        token = info["authorizer_access_token"]
        if self.broken == "another token":
            renewed = self.component.ask(
                "api_authorizer_token",
                self.token,
                authorizer_appid=info["authorizer_appid"],
                authorizer_refresh_token=info["authorizer_refresh_token"],
            )
            token = renewed["authorizer_access_token"]
        text = {"content": f"{code}_from_api"}
        body = {"touser": openid, "msgtype": "text", "text": text}
        query = {"access_token": token}
        self.component.sandbox.post("/cgi-bin/message/custom/send", body, query=query)


@pytest.fixture
def answering(component):
    made = Answering(component)
    yield made
    for thread in made.threads:
        thread.join(10)


def test_a_component_that_answers_everything(answering):
    """All five pairs, as often as it is run."""
    runs = [answering.component.act("release_check") for _ in range(2)]

    assert runs == [{"failed": []}, {"failed": []}]


@pytest.mark.parametrize(
    ("broken", "step", "times"),
    [
        ("component_verify_ticket", "component_verify_ticket", 1),
        ("authorized", "authorized", 10),
        (TEXT, TEXT, 5),
        (QUERY, QUERY, 10),
        ("silence", f"{QUERY}_from_api", 10),
        ("another token", f"{QUERY}_from_api", 10),
    ],
)
def test_a_step_that_fails_is_named(answering, broken, step, times):
    """The step, the account and the reason; no other step suffers."""
    answering.broken = broken
    failed = answering.component.act("release_check", seconds=2)["failed"]

    assert Counter(entry["step"] for entry in failed) == {step: times}
    assert all(entry["error"] for entry in failed)
    assert len({entry["authorizer"] for entry in failed}) == times

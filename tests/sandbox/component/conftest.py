"""A component whose callback is on a real port, and a client of its API."""

import pytest
from defusedxml.ElementTree import fromstring

from sandbox.message_crypt import decrypt

API = "/cgi-bin/component/"


class Component:
    """The seeded component as its developer uses it."""

    def __init__(self, sandbox, callback):
        self.sandbox = sandbox
        self.callback = callback
        self.app = sandbox.app("component")
        self.appid = self.app["appid"]
        sandbox.control("apps", appid=self.appid, callback_url=callback.url)
        self.merchant = sandbox.app("service")["appid"]
        self.secret = self.app["secret"]

    def act(self, action, **fields):
        """Use the control plane."""
        return self.sandbox.control(
            "component", appid=self.appid, action=action, **fields
        )

    def authorize(self, *sets, authorizer=None, action="authorize"):
        """Let the merchant allow these permission sets; return what came of it."""
        authorizer = authorizer or self.merchant
        return self.act(action, authorizer=authorizer, func_info=list(sets))

    def ask(self, name, token=None, parameter="component_access_token", **fields):
        """Call an API of the component, by default with its appid in the body."""
        query = {parameter: token} if token else ""
        body = {"component_appid": self.appid, **fields}
        return self.sandbox.post(API + name, body, query=query).json()

    def token(self):
        """Return a new component_access_token."""
        ticket = self.act("ticket")["component_verify_ticket"]
        return self.fetch(ticket)["component_access_token"]

    def fetch(self, ticket, **changes):
        """Ask for a token with this ticket."""
        fields = {"component_appsecret": self.secret, **changes}
        return self.ask("api_component_token", component_verify_ticket=ticket, **fields)

    def exchange(self, code, token=None):
        """Change an authorisation's code for tokens."""
        token = token or self.token()
        answer = self.ask("api_query_auth", token, authorization_code=code)
        return answer.get("authorization_info", answer)

    def events(self):
        """Return the decrypted events that reached the callback."""
        return [self.opened(one) for one in self.callback.deliveries]

    def opened(self, delivery):
        """Return the fields of an event, which is encrypted to the component."""
        outer = {child.tag: child.text for child in fromstring(delivery.body)}
        assert outer.keys() == {"AppId", "Encrypt"}
        key = self.app["encoding_aes_key"]
        plain = decrypt(outer["Encrypt"], encoding_aes_key=key)
        assert plain.appid == outer["AppId"] == self.appid
        return {child.tag: child.text for child in fromstring(plain.message)}


@pytest.fixture
def component(sandbox, callback):
    """Return the seeded component with a callback that takes everything."""
    return Component(sandbox, callback)

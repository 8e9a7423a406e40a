"""Events of an open platform for a client: our values in, all else untouched."""

from runtime.push.component_events import with_values
from runtime.push.message_fields import read_fields
from runtime.push.push_message import read_message

COMPONENT, ACCOUNT = "wx" + "c" * 16, "wx" + "d" * 16


class Values:
    """Values of one client, each told apart."""

    def ticket(self):
        return "our-ticket"

    def pre_auth_code(self):
        return "our-pre-auth-code"

    def code(self, appid):
        return f"our-code-for-{appid}", 1_800_003_600


def event(kind, inner):
    return read_message(
        f"<xml><AppId><![CDATA[{COMPONENT}]]></AppId><CreateTime>1</CreateTime>"
        f"<InfoType><![CDATA[{kind}]]></InfoType>{inner}</xml>".encode()
    )


def fields_of(message):
    found = read_fields(message)
    assert (found.pop("AppId"), found.pop("CreateTime")) == (COMPONENT, "1")
    del found["InfoType"]
    return found


def test_a_ticket():
    """The client's in place of WeChat's, or of what was emptied."""
    inner = "<ComponentVerifyTicket></ComponentVerifyTicket>"
    made = with_values(event("component_verify_ticket", inner), Values())

    assert fields_of(made) == {"ComponentVerifyTicket": "our-ticket"}
    assert made.info_type == "component_verify_ticket"


def test_an_authorisation():
    """A code for the account, its end, and a pre_auth_code."""
    inner = (
        f"<AuthorizerAppid>{ACCOUNT}</AuthorizerAppid><AuthorizationCode>a&amp;b"
        "</AuthorizationCode><AuthorizationCodeExpiredTime>5"
        "</AuthorizationCodeExpiredTime><PreAuthCode><![CDATA[p]]></PreAuthCode>"
    )

    assert fields_of(with_values(event("authorized", inner), Values())) == {
        "AuthorizerAppid": ACCOUNT,
        "AuthorizationCode": f"our-code-for-{ACCOUNT}",
        "AuthorizationCodeExpiredTime": "1800003600",
        "PreAuthCode": "our-pre-auth-code",
    }


def test_a_registration_keeps_what_lies_within():
    """`auth_code` is a code, too; nested fields and odd texts stay."""
    inner = (
        f"<appid>{ACCOUNT}</appid><status>0</status><auth_code>w</auth_code>"
        "<msg><![CDATA[<OK> & 青禾]]></msg><info><name>n</name><code>c</code></info>"
    )

    assert fields_of(
        with_values(event("notify_third_fasteregister", inner), Values())
    ) == {
        "appid": ACCOUNT,
        "status": "0",
        "auth_code": f"our-code-for-{ACCOUNT}",
        "msg": "<OK> & 青禾",
        "info": {"name": "n", "code": "c"},
    }


def test_an_event_without_such_values_stays():
    """Letter by letter."""
    before = event("unauthorized", f"<AuthorizerAppid>{ACCOUNT}</AuthorizerAppid>")

    assert with_values(before, Values()) is before

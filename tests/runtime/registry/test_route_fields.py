"""Routes in an app's document: what is accepted, how it is sealed, what it becomes."""

from __future__ import annotations

import json

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents, UnreadableDocument
from runtime.documents.folder import FolderStore
from runtime.documents.secret_fields import SecretFields
from runtime.registry.registry import Registry
from runtime.registry.routes import Route
from runtime.registry.schema import InvalidDocument, app_document

APPID = "wx0123456789abcdef"
APP = {"kind": "service", "secret": "0123456789abcdef" * 2}
KEY = "k" * 43
PLAIN = {"id": "aaaa1111", "client": "orders", "url": "http://127.0.0.1:90/wx?a=1"}
BOT = {
    **{"id": "bbbb2222", "client": "bot", "url": "https://bot.example.com/wx"},
    "match": {"msg_type": ["text"], "openid": ["o-li"], "content": ["报名*"]},
    **{"reply": True, "stop": True, "token": "tok3n", "encoding_aes_key": KEY},
    **{"late_reply": "off", "hold": 14, "ordered": True, "reply_within": 3.0},
}
EVENT = {
    **{"id": "cccc3333", "client": "crm", "url": "https://crm.example.com/hook"},
    **{"format": "event", "secret": "whsec_" + "s" * 32},
}
ROUTES = [{**PLAIN, "token": "plain"}, BOT, EVENT]


@pytest.fixture
def documents(tmp_path):
    return Documents(FolderStore(tmp_path), Envelope({1: b"m" * 32}))


def document(*routes):
    return app_document(APPID, {**APP, "routes": list(routes)})


def test_routes_are_read_as_they_are_written(documents):
    """All fields of all routes, in their order."""
    documents.write("apps", APPID, document(*ROUTES), after=0)

    plain, bot, event = Registry(documents).app(APPID).routes
    assert Route(**PLAIN, token="plain") == plain
    assert [True, False, False] == [each.plain for each in (plain, bot, event)]
    match = {name: tuple(values) for name, values in BOT["match"].items()}
    assert Route(**{**BOT, "match": match}) == bot
    assert Route(**EVENT) == event


def test_an_app_without_routes(documents):
    """Such as every app of version 0.1.0."""
    documents.write("apps", APPID, APP, after=0)

    assert Registry(documents).app(APPID).routes == ()


def test_a_document_with_routes_is_of_schema_2():
    """One without is as version 0.1.0 knows it."""
    assert document(*ROUTES)["schema"] == 2
    assert "schema" not in app_document(APPID, APP)


def test_secrets_are_sealed_in_the_store(documents, tmp_path):
    """Tokens, keys, signing secrets and openids; the rest can be read there."""
    documents.write("apps", APPID, document(*ROUTES), after=0)

    (file,) = tmp_path.glob(f"apps/{APPID}/*.json")
    stored = file.read_text("utf-8")
    for secret in ("tok3n", KEY, "whsec_", "o-li", '"plain"'):
        assert secret not in stored
    assert "报名*" in stored
    assert "https://bot.example.com/wx" in stored


def test_secrets_are_sealed_anew_with_a_new_master_key():
    """By this version, and by an older one, which knows nothing of routes."""
    old, both = {1: b"m" * 32}, {1: b"m" * 32, 2: b"n" * 32}
    stored = SecretFields(Envelope(old)).seal(f"apps/{APPID}", document(*ROUTES))

    changed = SecretFields(Envelope(both)).resealed(f"apps/{APPID}", stored)

    alone = SecretFields(Envelope({2: b"n" * 32}))
    assert alone.open(f"apps/{APPID}", changed)["routes"] == document(*ROUTES)["routes"]


def test_a_form_of_a_later_version_stays():
    """What is no text is neither sealed nor refused by the store."""
    fields = SecretFields(Envelope({1: b"m" * 32}))
    for routes in ({"later": 1}, [{"token": {"later": 1}}, "later"]):
        stored = fields.seal(f"apps/{APPID}", {"routes": routes})

        assert json.loads(stored)["routes"] == routes
        assert fields.open(f"apps/{APPID}", stored)["routes"] == routes


@pytest.mark.parametrize(
    "routes",
    [
        *({}, ["r"], [{"id": "aaaa1111"}]),
        *([{**PLAIN, "hold": "x"}], [{**PLAIN, "match": 1}]),
        *([{**PLAIN, "match": {"openid": each}}] for each in ("o-li", [1])),
    ],
)
def test_a_damaged_document(documents, routes):
    """Routes of another form are never guessed at."""
    documents.write("apps", APPID, {**APP, "routes": routes}, after=0)

    with pytest.raises(UnreadableDocument):
        Registry(documents).app(APPID)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": "A"}, "number 1: id must be 4 to 32 letters or digits."),
        ({"client": "-"}, "number 1: client must be the id of a client."),
        (
            {"url": "bot.example.com"},
            "number 1: url must be an absolute URL of 512 characters at most.",
        ),
        (
            {"url": "https://li@bot.example.com/"},
            "number 1: url must have a host in lower case and no user, fragment or *.",
        ),
        (
            {"url": "ftp://bot.example.com/"},
            "number 1: url must begin with https://, or http:// in an allowed network.",
        ),
        (
            {"url": "https://bot.example.com/?nonce=1"},
            "number 1: url must not have signature or msg_signature or timestamp or "
            "nonce or openid or encrypt_type or echostr in its query.",
        ),
        ({"format": "xml"}, "number 1: format must be wechat or event."),
        (
            {"match": {"unionid": ["u"]}},
            "number 1: match has the field 'unionid': it may be msg_type, event, "
            "info_type, openid, event_key or content.",
        ),
        (
            {"match": ["event"]},
            "number 1: match must be lists by field, of msg_type, event, info_type, "
            "openid, event_key, content.",
        ),
        (
            {"match": {"event": []}},
            "number 1: match event must be a list of 1 to 100.",
        ),
        (
            {"match": {"content": ["a\nb"]}},
            "number 1: match content number 1 must be 1 to 128 characters, a line.",
        ),
        ({"token": "x"}, "number 1: token must be 3 to 32 letters and digits."),
        (
            {"encoding_aes_key": "x"},
            "number 1: encoding_aes_key must be 43 letters and digits.",
        ),
        ({"hold": 15}, "number 1: hold must be a whole number from 1 to 14."),
        (
            {"reply_within": 5},
            "number 1: reply_within must be a number from 0.5 to 4.5.",
        ),
        ({"unionid": "u"}, "number 1: unionid is not known here."),
        ({"T0ken": "u"}, "number 1: a name is not known here."),
        (
            {"late_reply": "customer_service"},
            "number 1: hold must not be there with late_reply customer_service.",
        ),
        ({"reply": False}, "number 1: late_reply is for a route with reply."),
        (
            {"secret": "whsec_" + "s" * 32},
            "number 1: secret is for format event alone.",
        ),
        ({"format": "event"}, "number 1: token is not for format event."),
    ],
)
def test_refused(change, fault):
    """The sentence names route and field, and repeats no value."""
    with pytest.raises(InvalidDocument) as refusal:
        document({**BOT, **change})

    assert f"routes {fault}" == refusal.value.message


@pytest.mark.parametrize("name", ["id", "client", "url", "token"])
def test_needed(name):
    """Of a route in WeChat's format."""
    with pytest.raises(InvalidDocument, match=f"{name} is missing"):
        document({each: value for each, value in BOT.items() if each != name})


def test_an_event_route_needs_its_secret():
    """It is signed with nothing else."""
    with pytest.raises(InvalidDocument, match="secret is missing"):
        document({**PLAIN, "format": "event"})


def test_two_routes_with_one_id():
    """A delivery names its route by this id alone."""
    with pytest.raises(InvalidDocument, match="must not have one id twice"):
        document(BOT, {**EVENT, "id": BOT["id"]})


def test_too_many_routes():
    """Each push is compared with all of them."""
    with pytest.raises(InvalidDocument, match="must be a list of 0 to 50"):
        document(*({**BOT, "id": f"route{n}"} for n in range(51)))

"""The verbs of routes: which service gets an app's pushes."""

from __future__ import annotations

import dataclasses
import re
import socket

import pytest

from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.operations.verbs import operation
from runtime.registry.schema import InvalidDocument
from runtime.upstream.address_rules import parse_networks
from runtime.upstream.outbound import Outbound
from tests.support.scripted_wechat import SERVICE

INSIDE = "http://10.0.0.5:8090/wechat"
PUBLIC = {"shop.example.com": "1.2.3.4", "redis.example.com": "169.254.169.254"}
KEY = "k" * 43


def resolve(host, port):
    """Return what the names of this test resolve to, and no other name."""
    if re.fullmatch(r"[0-9.]+", host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if host not in PUBLIC:
        raise socket.gaierror
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC[host], port))]


@pytest.fixture
def networks():
    return ("10.0.0.0/8",)


@pytest.fixture
def gateway(settings, wechat, networks):
    settings = dataclasses.replace(settings, push_private_networks=networks)
    gateway = Gateway(settings, transport=wechat)
    private = parse_networks(",".join(networks))
    gateway.outbound = Outbound(private=private, resolve=resolve)
    return gateway


@pytest.fixture
def add(do, orders):
    """Add a route for the client `orders`."""
    do("app update", appid=SERVICE, token="apptoken", encoding_aes_key="A" * 43)

    def run(url=INSIDE, **fields):
        fields = {"appid": SERVICE, "client": "orders", "url": url, **fields}
        return do("push route-add", **fields)

    return run


def routes(gateway):
    return gateway.registry.app(SERVICE).routes


def listed(do):
    return [each["id"] for each in do("push route-list", appid=SERVICE)["routes"]]


def test_a_route_has_secrets_of_its_own(add, do, gateway):
    """Told once, where it is made; afterwards sealed, and in no answer."""
    match = {"msg_type": ["text"], "content": ["报名*"]}
    made = add(match=match, reply=True)

    (route,) = routes(gateway)
    assert (made["id"], made["token"]) == (route.id, route.token)
    assert made["encoding_aes_key"] == route.encoding_aes_key
    assert re.fullmatch(r"[A-Za-z0-9]{32}", route.token)
    assert re.fullmatch(r"[A-Za-z0-9]{43}", route.encoding_aes_key)
    assert route.match == {"msg_type": ("text",), "content": ("报名*",)}
    assert ("safe", True, 1) == (made["mode"], made["reply"], made["place"])
    for verb in ("push route-list", "app show"):
        answer = str(do(verb, appid=SERVICE))
        assert route.id in answer
        assert route.token not in answer
        assert route.encoding_aes_key not in answer


def test_the_secrets_that_a_service_has(add, gateway):
    """An existing message server moves behind the gateway as it is."""
    made = add(token="oldToken", encoding_aes_key=KEY)

    assert ("oldToken", KEY) == (made["token"], made["encoding_aes_key"])
    assert routes(gateway)[0].encoding_aes_key == KEY


def test_a_plain_route(add, gateway):
    """It has a token and no AES key."""
    made = add(plain=True)

    assert "plain" == made["mode"]
    assert "encoding_aes_key" not in made
    assert routes(gateway)[0].plain


def test_an_event_route(add, gateway):
    """It has a signing secret of the form that Standard Webhooks demands."""
    made = add(format="event")

    assert "signed" == made["mode"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    assert {"token", "encoding_aes_key"}.isdisjoint(made)
    assert routes(gateway)[0].secret == made["secret"]


def test_places(add, do):
    """A route is the last one unless it is told a place; an update moves it."""
    first, second = add()["id"], add()["id"]
    third = add(place=1)["id"]
    assert [third, first, second] == listed(do)

    done = do("push route-update", appid=SERVICE, route=third, place=3)
    assert [first, second, third] == listed(do)
    assert 3 == done["place"]


def test_an_update(add, do, gateway):
    """It changes what is given and removes what is cleared; the secrets stay."""
    made = add(match={"openid": ["o-li", "o-wang"]}, reply=True, late_reply="off")
    named = {"appid": SERVICE, "route": made["id"]}
    done = do("push route-update", **named, ordered=True, clear=["late_reply"])

    assert {"token", "encoding_aes_key", "secret"}.isdisjoint(done)
    (route,) = routes(gateway)
    assert (made["token"], True, "") == (route.token, route.ordered, route.late_reply)
    assert route.match == {"openid": ("o-li", "o-wang")}


def test_new_secrets(add, do, gateway):
    """They are told once more; a mode is changed with the AES key alone."""
    made = add()
    named = {"appid": SERVICE, "route": made["id"]}
    plain = do("push route-update", **named, plain=True)
    assert "plain" == plain["mode"]
    assert routes(gateway)[0].token == made["token"]

    safe = do("push route-update", **named, plain=False)
    assert safe["encoding_aes_key"] not in ("", made["encoding_aes_key"])
    assert "token" not in safe

    anew = do("push route-update", **named, new_secrets=True)
    assert anew["token"] != made["token"]
    assert anew["encoding_aes_key"] != safe["encoding_aes_key"]
    assert routes(gateway)[0].token == anew["token"]


def test_openids_are_shown_where_they_are_asked_for(add, do):
    """Otherwise their number alone."""
    made = add(match={"openid": ["o-li", "o-wang"], "msg_type": ["text"]})

    assert made["match"] == {"openid": "2 openids", "msg_type": ["text"]}
    (row,) = do("push route-list", appid=SERVICE)["routes"]
    assert "o-li" not in str(row)
    (row,) = do("push route-list", appid=SERVICE, openids=True)["routes"]
    assert row["match"]["openid"] == ["o-li", "o-wang"]


def test_a_removed_route(add, do, gateway):
    """The others keep their order; without any the document has no such field."""
    first, second = add()["id"], add()["id"]
    done = do("push route-remove", appid=SERVICE, route=first)

    assert {"removed": first, "appid": SERVICE, "version": 5} == done
    assert [second] == listed(do)
    do("push route-remove", appid=SERVICE, route=second)
    assert "routes" not in gateway.documents.read("apps", SERVICE).content


@pytest.mark.parametrize("verb", ["route-update", "route-remove"])
def test_an_unknown_route(add, do, verb):
    """The sentence says which verb lists those that there are."""
    with pytest.raises(UnknownDocument) as refusal:
        do(f"push {verb}", appid=SERVICE, route="aaaa1111")

    sentence = f"There is no route aaaa1111 of {SERVICE}: "
    assert f"{sentence}push route list {SERVICE} lists them." == refusal.value.message


def test_a_client_with_a_route_stays(add, do, gateway):
    """Removing it would leave a route to a service that nobody knows."""
    id_ = add()["id"]
    with pytest.raises(OperationRefused) as refusal:
        do("client remove", client_id="orders")
    assert refusal.value.message == (
        f"orders gets pushes of {SERVICE}: push route remove {SERVICE} {id_} first."
    )

    do("push route-remove", appid=SERVICE, route=id_)
    do("client remove", client_id="orders")
    assert gateway.registry.client("orders") is None


def test_an_unknown_client(add):
    """A route names whose service it is."""
    with pytest.raises(OperationRefused, match="There is no client bot: client add"):
        add(client="bot")


def test_warnings(add, do):
    """What keeps pushes from being delivered, though the route is right."""
    do("client disable", client_id="orders")
    do("app update", appid=SERVICE, clear=["token"])
    made = add("https://nowhere.example.com/wx")

    assert [
        "orders is disabled: client enable orders.",
        "nowhere.example.com does not resolve here: nothing is delivered until it does "
        "where the gateway runs.",
        f"{SERVICE} takes no pushes yet: app update {SERVICE} --push.",
    ] == made["warnings"]
    do("client enable", client_id="orders")
    do("app update", appid=SERVICE, token="apptoken")
    assert "warnings" not in add("https://shop.example.com/wx")


@pytest.mark.parametrize(
    ("kind", "fields", "warning"),
    [
        ("website", {}, "is of kind website, to which WeChat pushes nothing; it does"),
        (
            "service",
            {"hold": 10},
            "hold does nothing for wxcccccccccccccccc: it is for",
        ),
        ("subscription", {"hold": 10}, ""),
        ("service", {}, ""),
    ],
)
def test_what_the_account_cannot_do_is_told(add, do, kind, fields, warning):
    """By its kind: a route that never gets a push, and a hold that never holds."""
    appid = "wxcccccccccccccccc"
    do("app add", appid=appid, kind=kind, secret="0" * 32)
    if kind != "website":
        do("app update", appid=appid, token="apptoken")
    made = add(appid=appid, reply=True, **fields)
    more = do("push route-update", appid=appid, route=made["id"], stop=True)

    for answer in (made, more):
        assert bool(warning) == bool(answer.get("warnings"))
        assert warning in " ".join(answer.get("warnings", ()))


@pytest.mark.parametrize(
    ("url", "fields", "sentence"),
    [
        (
            "http://1.2.3.4/wx",
            {},
            "url is http:// to 1.2.3.4: http is for PUSH_PRIVATE_NETWORKS (10.0.0.0/8) "
            "alone. Use https://, or add the network to that setting.",
        ),
        (
            "http://shop.example.com/wx",
            {},
            "url is http:// to shop.example.com (1.2.3.4): http is for",
        ),
        (
            "http://127.0.0.1:8090/wx",
            {},
            "url is http:// to 127.0.0.1: http is for",
        ),
        (
            "https://shop.example.com/wx",
            {"plain": True},
            "The route is plain, to shop.example.com (1.2.3.4): plain pushes are for",
        ),
        (
            "https://192.168.0.1/wx",
            {},
            "url leads to 192.168.0.1: addresses must be public, or in "
            "PUSH_PRIVATE_NETWORKS (10.0.0.0/8), and never Redis",
        ),
        (
            "https://redis.example.com/wx",
            {},
            "url leads to redis.example.com (169.254.169.254): addresses must be",
        ),
    ],
)
def test_an_address_that_is_never_called(add, do, gateway, url, fields, sentence):
    """What came, what is allowed, and what mends it; nothing is written."""
    with pytest.raises(OperationRefused) as refusal:
        add(url, **fields)

    assert refusal.value.message.startswith(sentence)
    assert routes(gateway) == ()


@pytest.mark.parametrize("networks", [()])
def test_http_without_an_allowed_network(add):
    """It is refused even for a name that does not resolve here."""
    with pytest.raises(OperationRefused, match=re.escape("(none are set) alone")):
        add("http://nowhere.example.com/wx")
    with pytest.raises(OperationRefused, match="plain pushes are for"):
        add("https://nowhere.example.com/wx", plain=True)


def test_an_update_to_a_forbidden_address(add, do, gateway):
    """It is refused as a new route is, whichever of URL and mode changes."""
    inside, outside = add(), add("https://shop.example.com/wx")
    for made, change in (
        (inside, {"url": "http://shop.example.com/wx"}),
        (outside, {"plain": True}),
        (outside, {"clear": ["encoding_aes_key"], "plain": True}),
    ):
        with pytest.raises(OperationRefused):
            do("push route-update", appid=SERVICE, route=made["id"], **change)
    assert [INSIDE, "https://shop.example.com/wx"] == [x.url for x in routes(gateway)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "orders"}, "url"),
        ({"match": {"unionid": ["u"]}}, "match"),
        ({"id": "aaaa1111"}, "id"),
        ({"later": 1}, "later"),
        ({"hold": 20}, "hold"),
        ({"hold": 10}, "hold"),
        ({"token": "-"}, "token"),
        ({"secret": "whsec_" + "s" * 32}, "secret"),
        ({"plain": True, "encoding_aes_key": KEY}, "plain"),
        ({"plain": "yes"}, "plain"),
        ({"place": 0}, "place"),
        ({"format": "event", "plain": True}, "plain"),
        ({"format": "event", "reply": True}, "reply"),
        ({"appid": "../x"}, "appid"),
    ],
)
def test_an_argument_at_fault_is_named(add, gateway, fields, field):
    """And nothing is written."""
    with pytest.raises(InvalidDocument) as refusal:
        add(**fields)

    assert field == refusal.value.field
    assert routes(gateway) == ()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"format": "event"}, "format"),
        ({"clear": ["later"]}, "clear"),
        ({"clear": ["url"]}, "url"),
        ({"id": "aaaa1111"}, "id"),
    ],
)
def test_an_update_at_fault(add, do, fields, field):
    """A route keeps its id, its format and what it needs."""
    made = add()
    with pytest.raises(InvalidDocument) as refusal:
        do("push route-update", appid=SERVICE, route=made["id"], **fields)

    assert field == refusal.value.field


def test_what_a_later_version_wrote_stays(add, do, gateway):
    """Through changes of this route and of another one; nobody types it here."""
    ours, other = add()["id"], add()["id"]
    found = gateway.documents.read("apps", SERVICE)
    stored = [dict(each) for each in found.content["routes"]]
    stored[0] |= {"later": {"a": [1]}, "late_reply": "by_mail", "reply": True}
    content = {**found.content, "routes": stored}
    gateway.documents.write("apps", SERVICE, content, after=found.version)

    do("push route-update", appid=SERVICE, route=other, stop=True)
    do("push route-update", appid=SERVICE, route=ours, stop=True)
    do("app update", appid=SERVICE, subject="unionid")

    first, second = gateway.documents.read("apps", SERVICE).content["routes"]
    assert first == {**stored[0], "stop": True}
    assert second == {**stored[1], "stop": True}


def test_which_verbs_change_something():
    """The admin function logs those."""
    verbs = ("add", "list", "update", "remove")
    changes = [operation("push", f"route-{verb}").changes for verb in verbs]

    assert [True, False, True, True] == changes

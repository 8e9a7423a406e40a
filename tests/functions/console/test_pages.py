"""All pages of the console: with much to show, with nothing, and with parts away."""

from __future__ import annotations

import html
import re
import time
from dataclasses import replace

import pytest

from functions.console.overview import MENDS, TITLES
from runtime.documents.folder import FolderStore
from runtime.documents.secret_fields import SECRET_FIELDS, each_secret
from runtime.gateway import Gateway
from runtime.operations.conditions import conditions
from runtime.operations.recorded import Operator, perform_recorded
from runtime.operations.runbook import FOLDER, SECTIONS, pages, section_of
from runtime.pages.markdown import anchor_of
from runtime.registry.alerts import CONDITIONS
from runtime.registry.client_secrets import hash_secret
from runtime.registry.known_users import document_id
from runtime.settings import settings_from
from runtime.usage import counters, history
from tests.support.console_world import (
    COMPONENT,
    MINI,
    OPENID,
    SECRETS,
    SUB,
    fill,
    paths,
)
from tests.support.ports import free_port
from tests.support.scripted_wechat import SERVICE
from tests.support.wecom_pushes import APP, wecom_app

LISTS = (
    *("/console/", "/console/apps", "/console/clients", "/console/calls"),
    *("/console/pushes", "/console/people", "/console/documents", "/console/audit"),
    *("/console/alerts", "/console/runbook", "/console/?period=day"),
)
LANGUAGES = ("zh-CN", "zh-TW", "en")


@pytest.fixture
def world(gateway, wechat, clock):
    fill(gateway, wechat, clock)
    return gateway


@pytest.fixture
def visit(gateway, opened):
    """Return a page as an operator sees it in English."""
    browser = opened("operator")
    browser.cookies["lang"] = "en"
    return lambda path: get(browser, path)


def get(browser, path):
    """Return the answer to a path with its query."""
    path, _, query = path.partition("?")
    return browser.get(path, query)


def links(answer):
    """Return the addresses of a page's links within the console."""
    found = re.findall(r'href="(/console[^"]*)"', answer.text)
    return {html.unescape(each).partition("#")[0] for each in found}


def sealed(gateway):
    """Return every value of the documents that is sealed, and every hash."""
    found = set()

    def note(value, *, place=""):
        found.add(value)
        return value

    for kind in SECRET_FIELDS:
        for id_ in gateway.documents.ids(kind):
            content = gateway.documents.read(kind, id_).content
            each_secret(f"{kind}/{id_}", content, note)
            found |= set(content.get("secret_hashes", ()))
    return {value for value in found if isinstance(value, str) and value}


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_no_page_shows_a_secret(world, opened, role):
    """Neither of a document, nor a token, an openid or what a user has written."""
    browser = opened(role)
    secrets = {*SECRETS, *sealed(world)}
    assert len(secrets) > len(SECRETS)
    for path in paths(world):
        answer = get(browser, path)
        assert answer.status == 200, (path, answer.words)
        assert [each for each in secrets if each in answer.text] == [], path


def test_the_secrets_are_there_to_be_found(world):
    """The search above would find them: they are what the documents have."""
    app = world.registry.app(SERVICE)
    assert {app.secret, app.token, app.encoding_aes_key} <= set(SECRETS)
    assert {OPENID, SUB} <= set(SECRETS)
    (route,) = app.routes
    assert {route.token, route.encoding_aes_key} <= set(SECRETS)
    assert any(secret in route.url for secret in SECRETS)


def test_every_link_leads_to_a_page(world, visit):
    """From each page to each page, also to those of single things."""
    seen, left = set(), {"/console/"}
    while left:
        path = left.pop()
        seen.add(path)
        answer = visit(path)
        assert answer.status == 200, path
        others = {each for each in links(answer) if "/ask/" in each or "lang=" in each}
        left |= links(answer) - seen - others
    alone = {path for path in paths(world) if "?" in path} | {"/console/pushes/-"}
    assert set(paths(world)) - alone <= seen
    assert len(seen) > 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_in_each_language(world, opened, language):
    """With its own tag, and in Chinese with no English heading of ours."""
    browser = opened("viewer")
    browser.cookies["lang"] = language
    for path in paths(world):
        answer = get(browser, path)
        assert f'<html lang="{language}">' in answer.text
        headings = re.findall(
            r"<(?:h2|caption|th scope=\"col\")[^>]*>([^<]+)<", answer.text
        )
        if language != "en" and "/runbook/" not in path:
            texts = [each for each in headings if re.fullmatch("[A-Za-z ,']+", each)]
            assert set(texts) <= {"URL", "ops"}, path


def test_with_nothing_stored(gateway, clock, visit):
    """Every list says that there is nothing; nothing is wrong."""
    for kind in ("apps", "clients"):
        for id_ in gateway.documents.ids(kind):
            gateway.documents.remove(kind, id_, after=1)
    clock.now += 60
    for path in LISTS:
        assert visit(path).status == 200, path
    assert "All is well" in visit("/console/").words
    assert "There is no app yet." in visit("/console/apps").words
    assert "No app gets pushes yet." in visit("/console/pushes").words


def test_what_is_wrong_comes_first(world, visit):
    """Each fault with its sentence, its command, its runbook and what mends it."""
    answer = visit("/console/")
    assert "Something is wrong: 3" in answer.words
    assert answer.words.index("Something is wrong") < answer.words.index("Last hour")
    for each in conditions(world):
        assert each.says in answer.words
        page, anchor = section_of(each.name, each.of)
        assert f'href="/console/runbook/{page}#{anchor}"' in answer.text
    assert f"manage.py token refresh {MINI}" in answer.words
    assert answer.token("/console/do/refresh")
    assert answer.token("/console/do/ticket")
    assert f'href="/console/pushes/{SERVICE}#dead"' in answer.text
    assert 'id="dead"' in visit(f"/console/pushes/{SERVICE}").text


def test_the_figures(world, visit):
    """Of the hour and of the day, each with a chart, its text and its numbers."""
    for query in ("", "?period=day"):
        answer = visit(f"/console/{query}")
        assert "Calls of WeChat's API 1,592 11 with an error" in answer.words
        assert "Sign-ins 102 51 refused or failed" in answer.words
        assert "Pushes from WeChat 153" in answer.words
        assert 4 == answer.text.count("<svg") == answer.text.count("<desc")
        assert "In all 1,592, at most" in answer.words
        (table,) = re.findall(r"<tbody>(.*?)</tbody>", answer.text, re.S)[:1]
        numbers = re.findall(r'class="number">([\d,]+)<', table)
        assert 1592 == sum(int(each.replace(",", "")) for each in numbers)


def test_the_figures_of_an_app(world, visit):
    """Its own part, which its own pages explain."""
    answer = visit(f"/console/apps/{MINI}")

    assert "Calls of WeChat's API 11 11 with an error" in answer.words
    assert "Pushes from WeChat 0" in answer.words
    assert f'href="/console/calls?app={MINI}"' in answer.text


def test_what_is_wrong_in_chinese(world, opened):
    """Also what WeChat's refusal means, and why a push was refused."""
    browser = opened("viewer")
    browser.cookies["lang"] = "zh-CN"

    assert "微信看到的网关地址是 203.0.113.7" in get(browser, "/console/").words
    assert "微信看到的网关地址是" in get(browser, f"/console/apps/{MINI}").words
    pushes = get(browser, f"/console/pushes/{SERVICE}").words
    assert "no token of the app" not in pushes
    assert "a service answers" not in pushes


@pytest.mark.parametrize(
    ("state", "words"),
    [("refused", "redis 拒绝 EVAL。"), ("untrusted", "redis 的证书")],
)
def test_what_is_wrong_with_redis_in_chinese(world, opened, monkeypatch, state, words):
    """No sentence of the first page is left in English."""
    monkeypatch.setattr(world.health, "find", lambda: {"redis": state})
    monkeypatch.setattr(world.health, "refused", lambda: {"redis": ["EVAL"]})
    browser = opened("viewer")
    browser.cookies["lang"] = "zh-CN"

    assert words in get(browser, "/console/").words


def test_an_app_of_wecom(world, visit):
    """Its credentials, the address that WeCom refuses, and the lines of the runbook."""
    world.documents.write("apps", APP, wecom_app(), after=0)
    assert "refuses this gateway" not in visit(f"/console/apps/{APP}").text
    world.refused_addresses.note(APP, "203.0.113.9")
    page = visit(f"/console/apps/{APP}")
    assert "WeCom refuses the calls from 203.0.113.9" in page.text
    assert "/console/runbook/incidents#60020-wecom-refuses-our-address" in page.text
    assert "Enter a new Secret" in page.text
    assert f"/console/apps/{APP}" in visit("/console/apps").text
    overview = visit("/console/").text
    assert "trusted IPs of the app at WeCom" in overview
    assert '<span class="word">check</span>' in overview
    assert visit(f"/console/pushes/{APP}").status == 200


def test_a_viewer_has_no_button(world, opened):
    """Of no page; the command is there all the same."""
    browser = opened("viewer")
    for path in paths(world):
        text = get(browser, path).text
        assert "/console/do/" not in text, path
        assert "/console/ask/" not in text, path
    assert "manage.py token refresh" in get(browser, "/console/").words


def test_who_takes_care(world, opened):
    """Others see the name of the operator in place of the button."""
    browser = opened("operator", name="Li Lei")
    browser.cookies["lang"] = "en"
    done = browser.do("acknowledge", condition="ticket_old", of=COMPONENT)
    assert done.status == 303

    for path in ("/console/", "/console/alerts"):
        assert "Taken care of by" in get(browser, path).words
        assert "Li Lei" in get(browser, path).text.partition("<main")[2]


@pytest.mark.parametrize(
    "page", [*sorted({each for each, _ in SECTIONS.values()}), "incidents"]
)
def test_the_runbook_has_the_lines(visit, page):
    """The page is deployed, and each anchor that a condition names is one of it."""
    text = (FOLDER / f"{page}.md").read_text("utf-8")
    known = {anchor_of(each) for each in re.findall(r"^#+ (.+)$", text, re.M)}
    named = [section_of(name, "") for name in SECTIONS]
    named += [section_of("away", part) for part in ("redis", "push_redis", "config")]
    answer = visit(f"/console/runbook/{page}")

    for anchor in {anchor for other, anchor in named if other == page}:
        assert anchor in known
        assert f'id="{anchor}"' in answer.text


def test_every_condition_has_its_lines():
    """Also one that is added later."""
    assert "ticket_old" in CONDITIONS
    assert [] == [name for name in CONDITIONS if section_of(name, "redis") is None]
    assert set(CONDITIONS) <= TITLES.keys() & MENDS.keys()


def test_the_runbook_is_html(visit):
    """Of every page: nothing of Markdown is left, and no link leads outside it."""
    for page in pages():
        text = visit(f"/console/runbook/{page}").text.partition("<article")[2]
        plain = re.sub(r"<pre.*?</pre>|<code>.*?</code>", "", text, flags=re.S)
        assert not re.search(r"\]\(|\*\*|^#|^\| ", plain, re.M), page
        assert "<h2 id=" in text
        # The pages in Chinese are not deployed.
        assert "<p>中文</p>" not in text
    assert visit("/console/runbook/no-such-page").status == 404
    assert visit("/console/runbook/../operating").status == 404


def test_with_the_redis_of_pushes_away(gateway, environ, opened, clock, wechat):
    """Pages of pushes say so; the first page tells it as what is wrong."""
    url = f"redis://127.0.0.1:{free_port()}"
    settings = settings_from({**environ, "PUSH_REDIS_URL": url})
    other = Gateway(settings, clock=clock, transport=wechat)
    other.documents = gateway.documents
    browser = opened("viewer")
    browser.gateway = other
    browser.cookies["lang"] = "en"

    for path in (*LISTS, f"/console/pushes/{SERVICE}"):
        answer = get(browser, path)
        assert answer.status == 200, path
        if "pushes" in path:
            assert "cannot be shown now" in answer.words
    assert "push_redis cannot be reached" in get(browser, "/console/").words


def test_with_redis_away(gateway, environ, opened, clock, wechat):
    """Nobody is known, so every page says that the service is unavailable."""
    url = f"redis://127.0.0.1:{free_port()}"
    settings = replace(gateway.settings, redis_url=url)
    other = Gateway(settings, clock=clock, transport=wechat)
    other.documents = gateway.documents
    browser = opened("viewer")
    browser.gateway = other

    for path in LISTS:
        assert get(browser, path).status == 503, path


def test_with_the_documents_away(world, opened, monkeypatch):
    """The pages that need them say so, and the first one tells what is wrong."""
    browser = opened("viewer")
    browser.cookies["lang"] = "en"
    world.registry.apps(), world.registry.clients()

    def away(*_, **__):
        raise OSError("away")

    for name in ("ids", "history", "object_names", "read_object"):
        assert hasattr(FolderStore, name)
        monkeypatch.setattr(FolderStore, name, away)
    for path in LISTS:
        answer = get(browser, path)
        assert answer.status == 200, path
    for path in ("/console/documents", "/console/audit"):
        assert "cannot be shown now" in get(browser, path).words


@pytest.mark.parametrize(
    ("kind", "id_", "field", "pages"),
    [
        ("clients", "orders", "scopes", ("/console/clients",)),
        ("clients", "orders", "secret_hashes", ("/console/clients",)),
        ("apps", MINI, "routes", ("/console/apps", f"/console/apps/{MINI}")),
        ("alerts", "ops", "conditions", ("/console/alerts",)),
        ("people", document_id(SUB), "groups", ("/console/people",)),
    ],
)
def test_a_document_that_cannot_be_used(world, visit, kind, id_, field, pages):
    """A field of another type hides no other document: the list names this one."""
    found = world.documents.read(kind, id_)
    content = {**found.content, field: [5] if field == "routes" else 5}
    world.documents.write(kind, id_, content, after=found.version)
    for path in (*pages, f"/console/{kind}/{id_}"):
        if path != "/console/alerts/ops":
            page = visit(path)
            assert page.status == 200
    assert f"/console/documents/{kind}/{id_}" in visit(pages[0]).text


def test_an_operator_whose_document_cannot_be_used(world, visit, operators):
    """What that operator has done stays in the audit log, by the document's id."""
    id_ = operators("admin")
    operator = Operator(id_, "console")
    perform_recorded(world, ("push", "pause"), {"appid": SERVICE}, operator)
    found = world.documents.read("people", id_)
    world.documents.write(
        "people", id_, {**found.content, "groups": 5}, after=found.version
    )
    page = visit("/console/audit")
    assert "push pause" in page.words
    assert f'href="/console/documents/people/{id_}"' in page.text


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        (history.hour_key, "calls|wx1|%H%M", "abc"),
        (counters.day_key, "nonsense", "1"),
        (counters.day_key, "a|b|/c|x", "1"),
        (counters.day_key, "\udcff", "1"),
        (lambda now: counters.LAST_USE_KEY, "demo", "abc"),
        (lambda now: counters.METRICS_KEY, "gateway_calls|a|b|0", "abc"),
        (lambda now: f"gateway:quota:{counters.day_key(now)[14:]}", "x|y", "1|2"),
    ],
)
def test_a_number_in_redis_that_is_none(
    world, visit, clock, redis_server, key, field, value
):
    """It is left out, and all else is shown."""
    field = time.strftime(field, time.gmtime(clock.now + 8 * 3600))
    with redis_server.client() as redis:
        redis.hset(key(clock.now), field.encode(errors="surrogateescape"), value)
    for path in ("/console/", "/console/calls", "/console/clients"):
        page = visit(path)
        assert page.status == 200
        assert "cannot be shown now" not in page.words
    assert world.remaining_quotas.left() == []
    world.remaining_quotas.remember(SERVICE, "/c", {"daily_limit": 9, "remain": 4})
    (left,) = world.remaining_quotas.left()
    assert (left.path, left.left) == ("/c", 4)


def test_two_thousand_clients(gateway, visit):
    """A page has fifty of them, and a link to the next; a search finds one."""
    hashed = hash_secret("x" * 43)
    for number in range(2000):
        content = {"name": f"Client {number}", "scopes": {}, "secret_hashes": [hashed]}
        gateway.documents.write("clients", f"c{number:04}", content, after=0)
    first = visit("/console/clients")
    assert "1 to 50 of 2001" in first.words
    assert 51 == first.text.count("<tr>")
    assert len(first.text) < 200_000

    last = visit("/console/clients?page=41")
    assert "2001 to 2001 of 2001" in last.words
    assert visit("/console/clients?page=9999").words == last.words
    found = visit("/console/clients?q=c1234")
    assert "Client 1234" in found.words
    assert 2 == found.text.count("<tr>")
    assert "page=2" in visit("/console/documents?kind=clients").text


@pytest.mark.parametrize(
    "path",
    [
        "/console/apps/wx0000000000000000",
        "/console/clients/nobody",
        "/console/people/" + "0" * 64,
        "/console/documents/apps/wx0000000000000000",
        "/console/documents/gateway/settings",
        "/console/pushes/wx0000000000000000",
        f"/console/pushes/{SERVICE}/1-1",
        "/console/audit/2027-01-15/080000.000000-aaaaaaaaaaaa",
    ],
)
def test_what_is_not_there(visit, path):
    """A page says so, with a way back."""
    answer = visit(path)
    assert answer.status == 404
    assert 'href="/console/"' in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "page=x",
        "page=-1",
        "page=0",
        "page=1&page=2",
        "day=2027-02-30",
        "who=%00",
        "before=x",
        "app=%3Cscript%3E",
        "kind=secrets",
        "period=year",
    ],
)
def test_what_somebody_types_into_an_address(world, visit, query):
    """No page fails by it, and what was typed is text."""
    for path in LISTS[:-1]:
        answer = visit(f"{path}?{query}")
        assert answer.status in (200, 400), path
        assert "<script" not in answer.text


def test_the_audit_log_page_by_page(gateway, visit, clock):
    """Fifty acts a page, the newest first, and none is lost between two pages."""
    for number in range(120):
        clock.now += 1
        act = {"who": f"op{number}@ops", "noun": "app", "verb": "update", "names": {}}
        name = gateway.documents.audit.begin(act, now=clock.now)
        gateway.documents.audit.end(name, {"outcome": "done"}, now=clock.now)
    found, path = [], "/console/audit"
    while path:
        answer = visit(path)
        found += re.findall(r"op(\d+)@ops", answer.words)
        older = re.search(r'rel="next" href="([^"]+)"', answer.text)
        path = html.unescape(older[1]) if older else ""

    assert [str(number) for number in range(119, -1, -1)] == found
    one = visit("/console/audit?who=op7@ops")
    assert ["7"] == re.findall(r"op(\d+)@ops", one.words)


def test_versions_of_a_document(world, visit):
    """Who wrote which, and the fields that have changed, secrets as fingerprints."""
    words = visit(f"/console/documents/apps/{SERVICE}").words

    assert "alice@ops push route-add" in words
    assert re.search(r'token "fingerprint [0-9a-f]{12}"', words)


def test_a_user_is_signed_out_by_the_hash(world, visit, opened):
    """No page and no address has the sub."""
    (page,) = (each for each in paths(world) if each.startswith("/console/people/"))
    answer = visit(page)

    id_ = page.rpartition("/")[2]
    assert f'href="/console/ask/sign_out?sub={id_}"' in answer.text

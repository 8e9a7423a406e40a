"""Faults that are told before a secret is asked for, and their names for people."""

from __future__ import annotations

import getpass

import pytest

from management import push_listening
from management.commands import COMMANDS
from management.option_names import with_options
from management.parser import parse
from management.secret_input import secrets_of
from runtime.operations import editing
from runtime.operations.verbs import OPERATIONS
from runtime.registry.fields import RULES
from runtime.registry.schema import InvalidDocument, app_document
from tests.management.conftest import APP_SECRET, APPID

OTHER = "wx" + "8" * 16
APP = "There is no apps/" + OTHER

FAULTS = [
    (f"app add {OTHER} --kind shop", "--kind must be service or subscription"),
    ("app add wx12 --kind service", "APPID must be wx and 16 hexadecimal digits."),
    (f"app add {APPID} --kind service", f"apps/{APPID} is there already."),
    (
        f"app add {OTHER} --kind service --js-domain a.cn HTTPS://b.cn",
        "--js-domain number 2 must be a host name in lower case",
    ),
    (f"app update {OTHER} --secret", APP),
    (f"app update {APPID} --push --subject name", "--subject must be openid or"),
    (
        f"app update {APPID} --push --oauth-scope snsapi_base --subject unionid",
        "--oauth-scope must be snsapi_userinfo, since --subject is unionid.",
    ),
    (f"app update {APPID} --secret --clear names", "names is not known here."),
    (f"component add {APPID}", f"apps/{APPID} is there already."),
    (f"component add {OTHER} --api-host a.cn", "--api-host number 1 must be a host"),
    ("alert add ops --kind mail", "--kind must be wecom or dingtalk"),
    ("alert add ops --kind json --condition rain", "--condition number 1 must be"),
    (
        "alert add ops --kind slack --secret",
        "Secret of the webhook must not be there: slack has no signature.",
    ),
    ("alert update ops --url", "There is no alerts/ops: alert list"),
    (
        f"push route add {APPID} --client nobody --url https://a.cn/ --token",
        "There is no client nobody",
    ),
    (
        f"push route add {APPID} --client desk --url ftp://a.cn --aes-key",
        "--url must begin with https://",
    ),
    (f"push route update {APPID} r1 --token", f"There is no route r1 of {APPID}"),
    (f"push listen {APPID} --forward-to ftp://a --token", "--forward-to is an http"),
    (f"push listen {OTHER} --forward-to http://127.0.0.1:1/ --token", APP),
]


@pytest.fixture
def asked(monkeypatch):
    """The prompts that an operator has seen."""
    seen = []

    def ask(prompt):
        seen.append(prompt)
        return APP_SECRET

    monkeypatch.setattr(getpass, "getpass", ask)
    return seen


@pytest.mark.parametrize(("words", "said"), FAULTS)
def test_a_fault_is_told_before_a_secret_is_asked_for(manage, app, asked, words, said):
    """Of every argument, and of documents that are there or are not."""
    done = manage(words, terminal=True)

    assert (1, "", []) == (done.code, done.output, asked)
    assert done.errors.startswith(f"manage.py: {said}"), done.errors


def test_a_trial_changes_nothing(manage, app, asked, monkeypatch):
    """Whoever gives up at the prompt has added nothing, and the audit log has none."""

    def give_up(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr(getpass, "getpass", give_up)
    before = manage("audit list --json").json["acts"]
    words = [f"app add {OTHER} --kind service", f"app update {APPID} --secret"]
    assert [130, 130] == [manage(each, terminal=True).code for each in words]

    assert 1 == manage(f"app show {OTHER}").code
    assert app["version"] == manage(f"app show {APPID} --json").json["version"]
    assert before == manage("audit list --json").json["acts"]


def test_the_stand_ins_are_valid(manage, app, asked):
    """Every verb that asks for secrets comes to its prompts."""
    manage("client add Desk --id desk")
    route = f"{APPID} --client desk --url https://a.example.com/ --token --aes-key"
    words = [
        f"app add {OTHER} --kind service --push",
        f"component add {OTHER} --push",
        *(f"alert add a --kind {kind}" for kind in ("wecom", "slack")),
        *(f"alert add a --kind {kind} --secret" for kind in ("json", "feishu")),
        f"push route add {route}",
        f"app update {APPID} --secret --push",
    ]
    for each in words:
        del asked[:]
        manage(each, terminal=True)
        assert asked == [f"{s.label}: " for s in secrets_of(parse(each.split()))], each


def test_every_command_that_asks_for_secrets_can_be_tried(monkeypatch):
    """Or it is `push listen`, which checks its arguments otherwise."""
    asking = set()
    for noun, verb in COMMANDS:
        options = [[], ["--secret", "--url"], ["--token", "--aes-key"], ["--push"]]
        for more in options:
            try:
                given = parse([noun, *verb.split(), *_needed(noun, verb), *more])
            except SystemExit:
                continue
            if secrets_of(given):
                asking.add((noun, given.verb))

    assert ("push", "listen") in asking
    assert {("app", "add"), ("alert", "update"), ("component", "add")} <= asking
    edits = {command for command, operation in OPERATIONS.items() if operation.edits}
    assert asking - edits == {("push", "listen")}


def _needed(noun, verb):
    """Return the words without which this command is not understood."""
    words = ["--kind", "service"] if verb == "add" and noun in ("app", "alert") else []
    if verb == "route add":
        words = ["--client", "c", "--url", "u"]
    if verb == "listen":
        words = ["--forward-to", "u"]
    return ["a", "b"] * (verb == "route update") or ["a", *words]


def test_a_gateway_of_before_is_not_tried(manage, app, asked, monkeypatch):
    """It refuses the argument that it does not know: the prompt comes all the same."""

    def refuse():
        raise InvalidDocument("dry_run", "is not known here")

    monkeypatch.setattr(editing, "trial", refuse)
    done = manage(f"app add {OTHER} --kind service", terminal=True)

    assert (0, ["AppSecret: "]) == (done.code, asked)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["client", "add", "订单"], "--id cannot be made of this name: give one."),
        (
            ["client", "add", "订单", "--id", "o", "--redirect-uri", "http://a.cn/"],
            "--redirect-uri number 1 must be https://, or http:// on loopback.",
        ),
        (["client", "add", " x"], "NAME must be a line of text."),
        (
            ["client", "add", "x", "--backchannel-logout-session-required"],
            "--backchannel-logout-session-required must be false without a "
            "--backchannel-logout-uri.",
        ),
        (
            ["client", "add", "x", "--app", OTHER],
            f"--app/--scope name {OTHER}, and there is no such app.",
        ),
        (
            ["client", "add", "x", "--confirm", "tap", "--allow", "known"],
            "--confirm must be digits, unless --allow is anyone.",
        ),
        (["document", "history", "x"], "KIND/ID must be apps or clients"),
        (["audit", "list", "--noun", "1"], "--noun must be a noun."),
        (["push", "list", APPID, "--most", "0"], "--most must be a whole number from"),
    ],
)
def test_faults_are_told_by_options(manage, app, words, said):
    """As the operator has typed them."""
    done = manage(words)

    assert (1, "") == (done.code, done.output)
    assert done.errors.startswith(f"manage.py: {said}"), done.errors


def test_what_was_typed_at_a_prompt_has_its_name(manage):
    """No option has this field."""
    done = manage(f"app add {OTHER} --kind service --secret-stdin", typed="short\n")

    assert "manage.py: AppSecret must be 32 hexadecimal digits.\n" == done.errors


def test_a_program_is_told_by_fields():
    """The operation itself knows no option, and the JSON of `admin` neither."""
    with pytest.raises(InvalidDocument) as refused:
        app_document(OTHER, {"kind": "service", "js_domains": [""]})

    assert refused.value.message.startswith("js_domains number 1 must be")


def test_a_fields_name_inside_a_value_stays():
    """Words of a path, a host, an option and the language are no fields."""
    names = {"name": "NAME", "redirect_uris": "--redirect-uri", "url": "--url"}
    told = "is /redirect_uris, a.redirect_uris or --x-url: name files by url."

    assert with_options(told, names) == told


def test_every_field_of_a_document_has_an_option():
    """Or it is one that no operator gives: the table comes of the parser alone."""
    made = {
        "apps": {
            *("previous_token", "previous_encoding_aes_key", "routes"),
            *("corpid", "name"),  # they are the id
        },
        "clients": {"secret_hashes", "pairwise_salt", "disabled", "epoch"},
        "people": set(),
    }
    commands = {
        "apps": f"app update {OTHER} --secret --push",
        "clients": "client update x",
        "people": "person update x",
    }
    for kind, command in commands.items():
        names = parse(command.split()).option_names
        assert set(RULES[kind]) - set(names) == made[kind]


def test_a_target_is_checked_by_itself():
    """As `push listen` checks it before it asks for a token."""
    push_listening.check_target("http://127.0.0.1:1/")
    with pytest.raises(push_listening.Failure):
        push_listening.check_target("http://example.com/")

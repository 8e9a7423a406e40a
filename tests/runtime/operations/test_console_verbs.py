"""Operators, and the codes that let them into the console."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone

import pytest

from runtime.operations.recorded import Operator, perform_recorded
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.registry.schema import InvalidDocument
from runtime.sign_in.references import RefusedUser

SUB = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
ID = hashlib.sha256(SUB.encode()).hexdigest()


def test_the_first_operator(do, gateway):
    """Entered by the sub, and named by the next command."""
    added = do("operator add", sub=SUB, role="admin", name="Li Lei")

    assert added["next"] == f"manage.py console link --as {ID}"
    user = gateway.registry.known_user(SUB)
    assert (user.role, user.name) == ("admin", "Li Lei")


def test_a_known_user_gets_a_role(do, gateway):
    """And keeps what else is known."""
    do("person add", sub=SUB, name="Li", groups=["ops"], email="li@example.com")
    do("operator add", sub=ID, role="viewer")

    user = gateway.registry.known_user(SUB)
    assert (user.role, user.groups, user.email) == (
        "viewer",
        ("ops",),
        "li@example.com",
    )


def test_by_a_reference(do, gateway):
    """With WeChat's name of the user, as person add does."""
    made = gateway.references.make(RefusedUser(SUB, client_id="wiki", name="李雷"))
    do("operator add", reference=made, role="operator")

    assert gateway.registry.known_user(SUB).name == "李雷"


@pytest.mark.parametrize(
    "wrong",
    [{"role": "root"}, {"role": None}, {"sub": ID, "role": "admin"}, {"groups": []}],
)
def test_what_is_refused(do, gateway, wrong):
    given = {"sub": SUB, "role": "viewer", **wrong}
    with pytest.raises(InvalidDocument):
        do("operator add", **{n: v for n, v in given.items() if v is not None})
    assert gateway.registry.known_user(SUB) is None


def test_a_role_taken_away(do, gateway):
    """The user stays; a second time there is nothing to take."""
    do("operator add", sub=SUB, role="admin")
    assert [row["id"] for row in do("operator list")["operators"]] == [ID]
    do("operator remove", sub=ID)

    assert gateway.registry.known_user(SUB).role == ""
    assert do("operator list")["operators"] == []
    with pytest.raises(OperationRefused):
        do("operator remove", sub=ID)


def test_the_address_has_no_code(do, gateway):
    """And the code opens the console as this operator."""
    do("operator add", sub=SUB, role="operator")
    made = do("console link", sub=ID)

    assert made["address"] == "https://gateway.example.com/console/enter"
    assert made["valid_seconds"] == 300
    assert gateway.console_codes.take(made["code"]) == ID


def test_no_code_without_a_role(do):
    """Nor for somebody whom nobody has entered."""
    do("person add", sub=SUB)
    with pytest.raises(OperationRefused):
        do("console link", sub=SUB)
    with pytest.raises(UnknownDocument):
        do("console link", sub="oAnother")


def test_the_audit_log_has_no_code(do, gateway):
    """It says for whom one was made, and by whom."""
    do("operator add", sub=SUB, role="operator")
    made = perform_recorded(
        gateway, ("console", "link"), {"sub": SUB}, Operator("root@host", "manage.py")
    )
    audit = gateway.documents.audit
    today = datetime.fromtimestamp(gateway.clock(), timezone.utc).date().isoformat()
    acts = [audit.read(name) for name in audit.of_day(today)]

    assert [(act["verb"], act["names"]["id"]) for act in acts] == [("link", ID)]
    assert made["code"] not in str(acts)

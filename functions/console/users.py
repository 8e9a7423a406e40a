"""Pages of known users: their groups and roles, and the end of their sessions.

A page names a user by the document's id, the hash of the sub: no openid stands in a
page or in an address.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions.console.apps import unreadable
from functions.console.sections import (
    Ask,
    Cell,
    Column,
    Commands,
    Facts,
    Filter,
    Page,
    Table,
    reading_view,
    sliced,
    words_of,
)
from functions.console.time_formats import Words
from runtime.errors import N_
from runtime.gateway import Gateway
from runtime.operations.editing import find, readable
from runtime.operations.verbs import operation, perform
from runtime.pages.languages import lenient_argument
from runtime.registry.known_users import ROLES
from runtime.web.messages import Request

USERS = ("/console/people", N_("Users"))


@reading_view("people", N_("Users"))
def users(request: Request, gateway: Gateway) -> Page:
    """Answer GET /console/people: those with a role first, then by name."""
    words = words_of(request)
    found = perform(operation("person", "list").run, gateway, {})
    wanted = (lenient_argument(request, "q") or "").strip().lower()
    known = [
        each
        for each in found["people"]
        if any(wanted in str(each[name] or "").lower() for name in _SEARCHED)
        or wanted in " ".join(each["groups"]).lower()
    ]
    known.sort(key=lambda each: (-_rank(each["role"]), str(each["name"] or "~")))
    shown = sliced(request, known)
    columns = (
        Column(N_("User")),
        Column(N_("Role")),
        Column(N_("Groups")),
        Column(N_("E-mail")),
    )
    rows = [
        [
            Cell(
                each["name"] or each["id"][:12],
                url=f"/console/people/{each['id']}",
            ),
            _role(words, each["role"]),
            Cell(", ".join(each["groups"]) or "–"),
            Cell(each["email"] or "–"),
        ]
        for each in shown.rows
    ]
    fields = [("q", words(N_("Name, e-mail, group or id")), wanted, "")]
    return Page(
        [
            unreadable(words, found.get("unreadable", ())),
            Filter("/console/people", fields) if len(found["people"]) > 10 else None,
            Table(
                columns,
                rows,
                says=words(
                    N_("Users whom an operator has entered; others are not recorded.")
                ),
                empty=words(N_("There is no such user.")),
                pager=shown.pager,
            ),
            Commands(
                [
                    (
                        words(N_("Enter a user who was refused")),
                        "manage.py person add --reference REFERENCE",
                    ),
                    (
                        words(N_("Enter an operator")),
                        "manage.py operator add SUB --role viewer",
                    ),
                    (
                        words(N_("Sign out a user who is not listed")),
                        "manage.py person sign-out SUB",
                    ),
                ]
            ),
        ]
    )


@reading_view("people", N_("User"))
def user(request: Request, gateway: Gateway, id_: str) -> Page:
    """Answer GET /console/people/{id}: one user, without the sub."""
    words = words_of(request)
    found = find(gateway, "people", id_)
    content = found.content
    with readable(f"people/{id_}"):
        groups = ", ".join(content.get("groups") or ())
    pairs: list[tuple[str, Sequence[Cell]]] = [
        (words(N_("Name")), [Cell(str(content.get("name") or "–"))]),
        (words(N_("Role")), [_role(words, content.get("role"))]),
        (words(N_("Groups")), [Cell(groups or "–")]),
        (words(N_("E-mail")), [Cell(str(content.get("email") or "–"))]),
        (
            words(N_("Document")),
            [Cell(id_, url=f"/console/documents/people/{id_}", is_code=True)],
        ),
        (
            words(N_("Sessions")),
            [
                Cell(
                    words(N_("All end at once, on every device.")),
                    asks=[Ask("sign_out", {"sub": id_}, heard="")],
                )
            ],
        ),
    ]
    commands = [
        (
            words(N_("Change role, groups or e-mail")),
            f"manage.py person update {id_} --help",
        ),
        (words(N_("See who it is")), f"manage.py person show {id_}"),
        (words(N_("Remove the user")), f"manage.py person remove {id_}"),
    ]
    return Page(
        [Facts(pairs), Commands(commands, heading=words(N_("To change it")))],
        title=str(content.get("name") or id_[:12]),
        back=(USERS[0], words(USERS[1])),
    )


_SEARCHED = ("id", "name", "email", "role")


def _rank(role: str | None) -> int:
    return ROLES.index(role) if role in ROLES else -1


_ROLES = {
    "viewer": N_("viewer"),
    "operator": N_("operator"),
    "admin": N_("administrator"),
}


def _role(words: Words, role: str | None) -> Cell:
    if not role:
        return Cell("–", look="soft")
    return Cell(words(_ROLES.get(role, role)), look="good")

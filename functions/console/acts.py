"""Acts of the console: nine for operators, and what an admin can look at.

Each is a command of manage.py, with the same arguments and the same audit objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from functions.console.visitor import ADMIN, OPERATOR
from runtime.errors import N_, BadRequest

FIELD_NAMES: Mapping[str, str] = {
    "appid": N_("App"),
    "only": N_("Credential"),
    "force": N_("Fetch also what is not due"),
    "route": N_("Route"),
    "jobs": N_("Dead letter"),
    "all": N_("All of them"),
    "client_id": N_("Client"),
    "sub": N_("User"),
    "reference": N_("Reference"),
    "condition": N_("Condition"),
    "of": N_("What it is about"),
    "push": N_("Push"),
    "kind": N_("Kind"),
    "id": N_("Document"),
}
"""Words for the fields of forms."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Act:
    """A command that a form does; the texts are English sentences to be translated.

    `texts`, `lists` and `flags` are the fields of its form, `needed` those without
    which it cannot be done, `always` the arguments that every form of it has. With
    `fresh_code` it needs a code of the visitor's own that nobody has used. With
    `reveals` the answer to the form is the page with what it reveals.
    """

    command: tuple[str, str]
    button: str
    title: str
    explains: str
    texts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    always: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    fresh_code: bool = False
    reveals: bool = False
    role: str = OPERATOR

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of all fields of the form."""
        return (*self.texts, *self.lists, *self.flags)

    def target(self, pairs: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
        """Return those pairs of a form or a query that name what it is done to."""
        return [(name, value) for name, value in pairs if name in self.fields and value]

    def shown(self, target: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
        """Return the target for a page: words, and the value or "" for a flag."""
        return [
            (FIELD_NAMES[name], "" if name in self.flags else value)
            for name, value in target
        ]

    def arguments(self, pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        """Return the command's arguments; BadRequest if a text is there twice."""
        found: dict[str, Any] = dict(self.always)
        for name, value in self.target(pairs):
            if name in self.lists:
                found.setdefault(name, []).append(value.strip())
            elif name in found:
                raise BadRequest
            else:
                found[name] = True if name in self.flags else value.strip()
        return found


ACTS: Mapping[str, Act] = {
    "refresh": Act(
        ("token", "refresh"),
        N_("Refresh"),
        N_("Refresh credentials"),
        N_(
            "The gateway fetches from WeChat what is due. With the box it fetches all "
            "anew; the old values stay valid for five minutes."
        ),
        texts=("appid", "only"),
        flags=("force",),
        needed=("appid",),
    ),
    "ticket": Act(
        ("component", "start-push"),
        N_("Ask for tickets"),
        N_("Ask WeChat to push verify tickets"),
        N_("WeChat begins to push again within ten minutes."),
        texts=("appid",),
        needed=("appid",),
    ),
    "pause": Act(
        ("push", "pause"),
        N_("Pause"),
        N_("Pause deliveries"),
        N_(
            "Pushes are stored and acknowledged, and nothing is delivered until "
            "somebody resumes."
        ),
        texts=("appid", "route"),
        needed=("appid",),
    ),
    "resume": Act(
        ("push", "resume"),
        N_("Resume"),
        N_("Resume deliveries"),
        N_("What has waited is delivered in the order in which it came."),
        texts=("appid", "route"),
        needed=("appid",),
    ),
    "replay": Act(
        ("push", "replay"),
        N_("Replay"),
        N_("Replay dead letters"),
        N_("They are delivered from the start. A service may get a push twice."),
        texts=("appid", "route"),
        lists=("jobs",),
        flags=("all",),
        needed=("appid",),
    ),
    "drop": Act(
        ("push", "drop"),
        N_("Drop"),
        N_("Drop dead letters"),
        N_("They are removed for good. No service gets these pushes."),
        texts=("appid", "route"),
        lists=("jobs",),
        flags=("all",),
        needed=("appid",),
        fresh_code=True,
    ),
    "disable": Act(
        ("client", "disable"),
        N_("Disable"),
        N_("Disable a client"),
        N_(
            "Its secrets are refused and all of its tokens end for good, within two "
            "seconds. Its users cannot sign in to it."
        ),
        texts=("client_id",),
        needed=("client_id",),
        fresh_code=True,
    ),
    "sign_out": Act(
        ("person", "sign-out"),
        N_("Sign out"),
        N_("Sign a user out"),
        N_(
            "All sessions and tokens of the user end on every device, those of this "
            "console as well. The user may sign in again."
        ),
        texts=("sub", "reference"),
        fresh_code=True,
    ),
    "acknowledge": Act(
        ("alert", "acknowledge"),
        N_("Acknowledge"),
        N_("Acknowledge an alarm"),
        N_("Others see that you take care of it. It counts until the alarm is over."),
        texts=("condition", "of"),
        needed=("condition", "of"),
    ),
    "show_push": Act(
        ("push", "show"),
        N_("Show the content"),
        N_("Show the content of a push"),
        N_(
            "The message of a user and the answers of services are shown once. The "
            "audit log says that you have looked."
        ),
        texts=("appid", "push"),
        needed=("appid", "push"),
        always=MappingProxyType({"content": True}),
        fresh_code=True,
        reveals=True,
        role=ADMIN,
    ),
    "show_document": Act(
        ("document", "show"),
        N_("Show all fields"),
        N_("Show a document"),
        N_(
            "All fields of the newest version are shown, secrets as fingerprints. The "
            "audit log says that you have looked."
        ),
        texts=("kind", "id"),
        needed=("kind", "id"),
        fresh_code=True,
        reveals=True,
        role=ADMIN,
    ),
}
"""By the name in the address of its form."""

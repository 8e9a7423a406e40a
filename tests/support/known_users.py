"""Known users as an operator writes them, and clients that admit only these."""

from __future__ import annotations

import hashlib
import re

from tests.support.scripted_wechat import change


def document_id(sub):
    return hashlib.sha256(sub.encode()).hexdigest()


def enter(gateway, sub, **fields):
    """Enter a user, or change one who is known."""
    known = gateway.documents.read("people", document_id(sub))
    after = gateway.documents.version("people", document_id(sub))
    content = {**(known.content if known else {}), "sub": sub, **fields}
    gateway.documents.write("people", document_id(sub), content, after=after)


def remove(gateway, sub):
    """Remove a known user, as another process does: nobody is signed out."""
    after = gateway.documents.version("people", document_id(sub))
    gateway.documents.remove("people", document_id(sub), after=after)


def admit_only(gateway, allow="known", client_id="demo"):
    """Let the client admit known users, or groups."""
    change(gateway, "clients", client_id, allow=allow)


def reference_on(body):
    """Return the reference that a page or an answer shows."""
    text = body.decode() if isinstance(body, bytes) else body
    found = re.findall(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}\b", text)
    assert len(found) == 1, text
    return found[0]

"""Objects of the audit log on folder, S3 and OSS: create-only, and no documents."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.documents.audit_objects import AuditObjects
from runtime.documents.secret_fields import SECRET_FIELDS
from runtime.documents.store import StoreAway, VersionExists

AT = 1796025600.25
"""2026-11-30T08:00:00.25Z."""

DAY = "2026-11-30"


def test_an_act_and_its_outcome(store):
    """They are read as one; the time is the begin's."""
    audit = AuditObjects(store, draw=lambda: "ab" * 6)
    name = audit.begin({"who": "AK1"}, now=AT)

    assert f"{DAY}/080000.250000-abababababab" == name
    assert "unknown" == audit.read(name)["outcome"]
    audit.end(name, {"outcome": "done"}, now=AT + 90)
    assert {
        "id": "ab" * 6,
        "time": f"{DAY}T08:00:00.250000+00:00",
        "who": "AK1",
        "outcome": "done",
        "ended": f"{DAY}T08:01:30.250000+00:00",
    } == audit.read(name)
    with pytest.raises(VersionExists):
        audit.end(name, {"outcome": "conflict"}, now=AT)


def test_acts_of_the_same_instant_are_all_kept(store):
    """Also where two draw the same id: the second draws again."""
    # The first eight in pairs, then each another one.
    drawn = [f"{n if n >= 8 else n // 2:012x}" for n in range(24)][::-1]
    audit = AuditObjects(store, draw=drawn.pop)
    with ThreadPoolExecutor(8) as operators:
        begun = operators.map(
            lambda who: audit.begin({"who": who}, now=AT), [f"AK{n}" for n in range(8)]
        )
        names = sorted(begun)

    assert names == audit.of_day(DAY)
    assert {f"AK{n}" for n in range(8)} == {audit.read(each)["who"] for each in names}


def test_an_id_that_stays_taken(store):
    """It is refused after three attempts, and replaces nothing."""
    audit = AuditObjects(store, draw=lambda: "0" * 12)
    name = audit.begin({"who": "first"}, now=AT)

    with pytest.raises(StoreAway):
        audit.begin({"who": "second"}, now=AT)
    assert "first" == audit.read(name)["who"]


def test_one_day_is_listed_without_the_others(store):
    """In the order of time, more than a page of them, and without foreign objects."""
    audit = AuditObjects(store)
    names = [audit.begin({}, now=AT + second) for second in range(60)]
    audit.end(names[0], {"outcome": "done"}, now=AT)
    other = audit.begin({}, now=AT + 86400)
    store.create_object(f"audit/{DAY}/note", b"{}")

    assert names == audit.of_day(DAY)
    assert [other] == audit.of_day("2026-12-01")
    assert [] == audit.of_day("2026-12-02")


def test_what_is_damaged_hides_nothing_else(store):
    """Its outcome says so."""
    audit = AuditObjects(store)
    store.create_object(f"audit/{DAY}/080000.000000-000000000000", b"{half")

    (name,) = audit.of_day(DAY)
    assert {"outcome": "unknown"} == audit.read(name)
    store.create_object(f"audit/{name}.outcome", b"[]")
    assert {"outcome": "unreadable"} == audit.read(name)


def test_no_reader_takes_it_for_a_document(documents, store):
    """Neither a listing of a kind nor the check; and no kind has its name."""
    documents.audit.begin({"who": "AK1"}, now=AT)
    documents.write("people", "a" * 64, {"sub": "o1"}, after=0)

    assert ["people"] == [each.kind for each in documents.check()]
    assert ["a" * 64] == documents.ids("people")
    assert [] == [each for kind in ("apps", "clients") for each in documents.ids(kind)]
    assert "audit" not in SECRET_FIELDS

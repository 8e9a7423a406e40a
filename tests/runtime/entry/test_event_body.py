"""Large bodies in events: read as they are, and refused without being decoded."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from runtime.entry.event_adapter import LARGEST_PARSED_EVENT, EventAdapter
from runtime.errors import BadRequest, PayloadTooLarge
from tests.support.fc_calls import make_context, make_event_fc

MB = 1024 * 1024
LARGE = 100_000


def body_of(event, *, most=MB):
    adapter = EventAdapter(event, make_context())
    assert adapter.request().path == "/a"
    return adapter.body(most)


TEXTS = {
    "plain": "a" * LARGE,
    "quotes": '"' * LARGE,
    "backslashes": "\\" * LARGE,
    "odd": "a" + "\\" * LARGE,
    "json": '{"a":"\\"b\\\\"},' * (LARGE // 10),
    "chinese": "张" * LARGE,
    "emoji": "😀" * LARGE,
    "shifted": "ab😀" * LARGE,
    "controls": "\n\t\x01" * LARGE,
    "like an event": '","body":"x","isBase64Encoded":true,"a":"' * (LARGE // 10),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_large_text(text, ascii_only):
    """It comes as it was sent, whichever way its JSON is written."""
    call = {"method": "POST", "path": "/a", "text_body": True}
    event = json.loads(make_event_fc(**call, body=text.encode()))
    written = json.dumps(event, ensure_ascii=ascii_only).encode()

    assert len(written) > LARGEST_PARSED_EVENT
    assert text.encode() == body_of(written)


@pytest.mark.parametrize("size", [16_000, 49_150, 65_536, 300_001])
def test_a_large_body_in_base64(size):
    """Of any size, around the one from which it is cut out."""
    body = bytes(range(256)) * (size // 256) + b"a" * (size % 256)
    event = make_event_fc(method="POST", path="/a", body=body)

    assert body == body_of(event)
    assert body == body_of(event.decode())


def test_a_long_header_is_no_body():
    """Nothing but the body counts as one, whatever is long and wherever it stands."""
    headers = [("x-a", '"body":"' * LARGE), ("body", "b")]

    assert b"c" == body_of(make_event_fc(path="/a", headers=headers, body=b"c"))
    assert b"" == body_of(make_event_fc(path="/a", headers=headers))


def changed(old, new):
    event = make_event_fc(path="/a", body=bytes(LARGE))
    assert old in event
    return event.replace(old, new)


@pytest.mark.parametrize(
    "event",
    [
        make_event_fc(path="/a", headers=[("x", "a" * LARGE)], body=bytes(LARGE)),
        make_event_fc(path="/a", body=bytes(LARGE))[:LARGE],
        b'"' * LARGE,
        b"[" * LARGE,
        changed(b'"body"', b'"' + b"b" * LARGE + b'"'),
        changed(b"AAAA", b"\\q12"),
        changed(b'"isBase64Encoded": true', b'"isBase64Encoded": false').replace(
            b"AAAA", b"\\uD800"
        ),
    ],
    ids=["two", "cut", "quotes", "deep", "a name", "no escape", "surrogates"],
)
def test_an_ill_event(event):
    """It is a bad request, and nothing worse."""
    with pytest.raises(BadRequest):
        body_of(event)


@pytest.mark.parametrize("text_body", [True, False])
@pytest.mark.parametrize("piece", [b"%41", b'"', b"\\", "😀".encode()])
@pytest.mark.parametrize(("most", "refused"), [(16 * 1024, True), (4 * MB, False)])
def test_the_memory_of_a_large_body(text_body, piece, most, refused):
    """Twice the limit and 1 MB at most, and next to nothing for one that is refused."""
    body = piece * (4 * MB // len(piece))
    event = make_event_fc(method="POST", path="/a", body=body, text_body=text_body)
    tracemalloc.start()
    try:
        if refused:
            with pytest.raises(PayloadTooLarge):
                body_of(event, most=most)
        else:
            assert len(body) == len(body_of(event, most=most))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak <= 2 * most + MB

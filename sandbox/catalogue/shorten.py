"""Short keys: /cgi-bin/shorten/gen and fetch."""

from __future__ import annotations

import string

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import optional_number, text
from sandbox.catalogue.state.short_keys import ShortKey, ShortKeys
from sandbox.errors import WeChatError
from sandbox.world import App, World

LONGEST = 4096
LONGEST_LIFE = 2_592_000
KEY_LENGTH = 15


def make(world: World, app: App, call: Call) -> Answer:
    """Make a short key for a text of up to 4 KB."""
    fields = call.fields()
    long_data = text(fields, "long_data", missing=44004)
    life = optional_number(fields, "expire_seconds", default=LONGEST_LIFE)
    if len(long_data.encode()) > LONGEST:
        raise WeChatError(45002)
    # Which code a life out of bounds gets is not confirmed.
    if not 1 <= life <= LONGEST_LIFE:
        raise WeChatError(40097)
    key = world.ids.text(string.ascii_letters + string.digits, KEY_LENGTH)
    short_key = ShortKey(key, long_data, int(call.now), life)
    world.of(app.appid, ShortKeys).put(short_key)
    return ok(short_key=key)


def fetch(world: World, app: App, call: Call) -> Answer:
    """Answer the text of a short key, and how many seconds are left to it."""
    key = text(call.fields(), "short_key", missing=40097)
    found = world.of(app.appid, ShortKeys).get(key, now=call.now)
    return ok(
        long_data=found.long_data,
        create_time=found.created_at,
        expire_seconds=int(found.created_at + found.life - call.now),
    )


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/shorten/gen", make),
    Endpoint("POST", "/cgi-bin/shorten/fetch", fetch),
)

"""Short keys stand for longer texts for a time."""

import pytest

from sandbox.catalogue.shorten import LONGEST, LONGEST_LIFE
from sandbox.catalogue.state.short_keys import ShortKey, ShortKeys
from sandbox.errors import WeChatError

GEN, FETCH = "/cgi-bin/shorten/gen", "/cgi-bin/shorten/fetch"


def test_a_short_key_stands_for_its_text(account):
    """Fetching answers the text and how many seconds are left."""
    made = account.post(GEN, {"long_data": "书" * 9, "expire_seconds": 100})
    account.sandbox.control("clock", advance=40)
    fetched = account.post(FETCH, {"short_key": made["short_key"]})

    assert (0, "ok", 15) == (made["errcode"], made["errmsg"], len(made["short_key"]))
    assert (0, "书" * 9) == (fetched["errcode"], fetched["long_data"])
    assert 58 <= fetched["expire_seconds"] <= 60
    assert fetched.keys() == {
        "errcode",
        "errmsg",
        "long_data",
        "create_time",
        "expire_seconds",
    }


def test_a_short_key_expires_at_the_second():
    """It stands for its text until then and not a moment longer."""
    keys = ShortKeys()
    keys.put(ShortKey("k", "text", created_at=1000, life=100))

    assert keys.get("k", now=1099.9).long_data == "text"
    with pytest.raises(WeChatError) as refused:
        keys.get("k", now=1100)
    assert refused.value.errcode == 40097


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        pytest.param({}, 44004, id="no text"),
        pytest.param({"long_data": "x" * (LONGEST + 1)}, 45002, id="too long"),
        pytest.param({"long_data": "x" * LONGEST}, 0, id="4 KB"),
        pytest.param({"long_data": "x", "expire_seconds": 1}, 0, id="a second"),
        pytest.param(b'{"long_data":"\\ud800"}', 47001, id="half a character"),
        pytest.param(b'{"long_data":"\\ud83c\\udf3f"}', 0, id="two halves"),
        pytest.param({"long_data": "x", "expire_seconds": 0}, 40097, id="no life"),
        pytest.param(
            {"long_data": "x", "expire_seconds": LONGEST_LIFE + 1}, 40097, id="30 days"
        ),
        pytest.param(
            {"long_data": "x", "expire_seconds": LONGEST_LIFE}, 0, id="within 30 days"
        ),
        pytest.param({"long_data": "x", "expire_seconds": "9"}, 47001, id="a text"),
    ],
)
def test_text_and_life_have_bounds(account, body, errcode):
    """Four kilobytes and thirty days."""
    assert (4096, 2_592_000) == (LONGEST, LONGEST_LIFE)
    assert errcode == account.post(GEN, body)["errcode"]


def test_no_key_is_no_text(account):
    """A key is needed to fetch."""
    assert account.post(FETCH, {"short_key": ""})["errcode"] == 40097

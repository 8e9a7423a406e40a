"""Charts as SVG: what a reader, a screen reader and a style sheet find in them."""

from __future__ import annotations

import re

from defusedxml import ElementTree

from runtime.pages.charts import Axis, Series, bars, peak, rows

AXIS = Axis(1_800_028_800.0, 60)
"""It begins at midnight in China."""

CALLS = Series("Calls", "calls", [4, 0, 10, 2])
ERRORS = Series("Errors", "errors", [0, 0, 10, 1])


def drawn(*series, title="Calls", text="26 in all"):
    return ElementTree.fromstring(bars("c", title, text, AXIS, series))


def heights(svg, look):
    """Return the heights of the bars of a series."""
    path = next(each for each in svg.iter("path") if each.get("class") == look)
    return [float(high) for high in re.findall(r"v(-?[\d.]+)h", path.get("d"))]


def test_a_bar_is_as_high_as_its_number():
    """The highest column fills the chart; a slot without a number has no bar."""
    svg = drawn(CALLS, ERRORS)

    calls, errors = heights(svg, "calls"), heights(svg, "errors")
    assert 3 == len(calls)
    assert 2 == len(errors)
    assert calls[1] == errors[0]
    assert abs(calls[0] / calls[1] - 0.4) < 0.02


def test_no_bar_leaves_the_chart():
    """Neither one error among thousands nor the highest column."""
    svg = drawn(Series("", "calls", [100_000, 1]), Series("", "errors", [1, 0]))
    tops = re.findall(
        r"M[\d.]+ ([\d.]+)", " ".join(p.get("d") for p in svg.iter("path"))
    )

    assert min(map(float, tops[1:])) >= 18
    assert min(heights(svg, "errors")) >= 1.5


def test_title_and_text_name_the_chart():
    """A screen reader reads both; what is in them is text."""
    svg = drawn(CALLS, title="<Calls>", text='"26" & more')
    title, text = svg.find("title"), svg.find("desc")

    assert "img" == svg.get("role")
    assert f"{title.get('id')} {text.get('id')}" == svg.get("aria-labelledby")
    assert ("<Calls>", '"26" & more') == (title.text, text.text)


def test_it_has_neither_script_nor_style():
    """The page's policy allows none; colours are classes."""
    text = bars("c", "Calls", "", AXIS, [CALLS, ERRORS])

    assert not re.search(r"<script|style=|fill=|\bon[a-z]+=", text)


def test_nothing_counted():
    """An empty chart has its frame and its times."""
    svg = drawn(Series("Calls", "calls", [0, 0, 0]))

    texts = [each.text for each in svg.iter("text")]
    assert ["0", "00:00", "00:01", "00:02"] == texts


def test_rows_for_a_table():
    """The newest first; the last row may have fewer slots than the others."""
    assert [("00:03", [2, 1]), ("00:00", [14, 10])] == rows(
        AXIS, [CALLS, ERRORS], together=3
    )
    assert (10, "00:02") == peak(AXIS, CALLS.numbers)

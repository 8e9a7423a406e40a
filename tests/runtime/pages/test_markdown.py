"""Markdown of the runbook as HTML: each form that it uses, and text is text."""

from __future__ import annotations

import pytest

from runtime.pages.markdown import anchor_of, html_of, title_of


def link(address):
    """Lead to one page, and to all anchors."""
    return address if address.startswith(("#", "other")) else None


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\nTwo.\n\nThree.", "<p>One. Two.</p>\n<p>Three.</p>"),
        ("## 40164, invalid ip", '<h2 id="40164-invalid-ip">40164, invalid ip</h2>'),
        ("- one\n- two\n  more", "<ul><li>one</li><li>two more</li></ul>"),
        ("1. one\n   more\n2. two", "<ol><li>one more</li><li>two</li></ol>"),
        ("```sh\na < b\n\n# c\n```", '<pre tabindex="0">a &lt; b\n\n# c</pre>'),
        (
            "`<a>` **b** *c*",
            "<p><code>&lt;a&gt;</code> <strong>b</strong> <em>c</em></p>",
        ),
        ("[a `b`](other#c)", '<p><a href="other#c">a <code>b</code></a></p>'),
        ("[a](../elsewhere.md)", "<p>a</p>"),
        ('[a](#"x)', '<p><a href="#&quot;x">a</a></p>'),
        ("<script>&", "<p>&lt;script&gt;&amp;</p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
    ],
)
def test_a_form(text, html):
    """As the documentation writes it, and everything else as text."""
    assert html == html_of(text, link=link)


def test_a_table():
    """A bar within a cell is escaped; on a phone a cell names its column."""
    html = html_of("| `a` | b |\n|---|---|\n| x \\| y | [z](#z) |", link=link)

    assert '<th scope="col"><code>a</code></th>' in html
    assert '<td data-label="a">x | y</td>' in html
    assert '<td data-label="b"><a href="#z">z</a></td>' in html


def test_the_title_is_no_part_of_the_text():
    """The page shows it by itself."""
    text = "# Incidents\n\nText."

    assert ("Incidents", "<p>Text.</p>") == (title_of(text), html_of(text, link=link))


def test_an_anchor_is_that_of_github():
    """Lower case, without punctuation, spaces as hyphens."""
    assert "whose-redis-it-is-v2" == anchor_of("Whose Redis: it is `v2`?")

"""Markdown of the runbook as HTML: the part of it that our documentation uses.

Headings with anchors, paragraphs, lists, tables, fenced code, and within a line code,
bold text and links. Everything else is text, and every text is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape

Link = Callable[[str], str | None]
"""From an address in the text to the one in the page; None where it leads nowhere."""

_HEADING = re.compile(r"(#{1,5}) (.+)")
_ITEM = re.compile(r"( *)(-|[0-9]+\.) (.+)")
_INLINE = re.compile(
    r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)"
)
_CELLS = re.compile(r"(?<!\\)\|")


def html_of(text: str, *, link: Link) -> str:
    """Return the HTML of a page without its first heading."""
    lines = text.splitlines()
    if lines and lines[0].startswith("# "):
        lines = lines[1:]
    return "\n".join(_blocks(lines, link))


def title_of(text: str) -> str:
    """Return the first heading."""
    return text.partition("\n")[0].removeprefix("# ")


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    plain = re.sub(r"[^\w\- ]", "", heading.lower())
    return plain.replace(" ", "-")


def _blocks(lines: Sequence[str], link: Link) -> Iterator[str]:
    place = 0
    while place < len(lines):
        line = lines[place]
        end = place + 1
        if not line.strip():
            place = end
            continue
        if line.startswith("```"):
            while end < len(lines) and not lines[end].startswith("```"):
                end += 1
            code = escape("\n".join(lines[place + 1 : end]))
            yield f'<pre tabindex="0">{code}</pre>'
            place = end + 1
            continue
        if heading := _HEADING.fullmatch(line):
            level, words = len(heading[1]), heading[2]
            yield f'<h{level} id="{anchor_of(words)}">{_inline(words, link)}</h{level}>'
        elif line.startswith("|"):
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            yield _table(lines[place:end], link)
        elif _ITEM.fullmatch(line):
            while end < len(lines) and re.match(r" |- |[0-9]+\. ", lines[end]):
                end += 1
            yield _list(lines[place:end], link)
        else:
            while end < len(lines) and _goes_on(lines[end]):
                end += 1
            yield f"<p>{_inline(' '.join(lines[place:end]), link)}</p>"
        place = end


def _goes_on(line: str) -> bool:
    return bool(line.strip()) and not re.match(r"#|\||```|- |[0-9]+\. ", line)


def _list(lines: Sequence[str], link: Link) -> str:
    items: list[str] = []
    is_numbered = lines[0][0].isdigit()
    for line in lines:
        found = _ITEM.fullmatch(line)
        if found and not found[1]:
            items.append(found[3])
        else:  # a line that goes on, or an item within one
            items[-1] += f" {found[3] if found else line.strip()}"
    tag = "ol" if is_numbered else "ul"
    inside = "".join(f"<li>{_inline(each, link)}</li>" for each in items)
    return f"<{tag}>{inside}</{tag}>"


def _table(lines: Sequence[str], link: Link) -> str:
    rows = [
        [cell.strip().replace("\\|", "|") for cell in _CELLS.split(line.strip("|"))]
        for line in lines
        if not re.fullmatch(r"[|\s:-]+", line)
    ]
    head, *body = ([_inline(cell, link) for cell in row] for row in rows)
    headings = "".join(f'<th scope="col">{each}</th>' for each in head)
    below = "".join(
        "<tr>"
        + "".join(
            f'<td data-label="{_plain(label)}">{cell}</td>'
            for label, cell in zip(head, row, strict=False)
        )
        + "</tr>"
        for row in body
    )
    return (
        f'<div class="scroll"><table class="stacked"><thead><tr>{headings}</tr></thead>'
        f"<tbody>{below}</tbody></table></div>"
    )


def _plain(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def _inline(text: str, link: Link) -> str:
    parts: list[str] = []
    last = 0
    for found in _INLINE.finditer(text):
        parts.append(escape(text[last : found.start()]))
        last = found.end()
        code, bold, stressed, words, address = found.groups()
        if code is not None:
            parts.append(f"<code>{escape(code)}</code>")
        elif bold is not None:
            parts.append(f"<strong>{_inline(bold, link)}</strong>")
        elif stressed is not None:
            parts.append(f"<em>{_inline(stressed, link)}</em>")
        else:
            url = link(address)
            inside = _inline(words, link)
            href = escape(url or "", quote=True)
            parts.append(f'<a href="{href}">{inside}</a>' if url else inside)
    return "".join([*parts, escape(text[last:])])

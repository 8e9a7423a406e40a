"""Pages in Chinese: each says what its English page says, section by section.

The wording is free; what a reader copies, looks up or follows is not: headings,
commands, names in backticks (settings, paths, fields, error codes), numbers and links.
A line holds one sentence, so a block has as many lines in both languages.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.documentation import ROOT

DOCS, CHINESE = ROOT / "docs", ROOT / "docs/zh"

ENGLISH_ONLY = {
    "architecture.md": "for those who change the code, which is in English",
    "benchmarks.md": "figures and how they were measured",
    "operating/command-line.md": "verbs, which manage.py --help explains in Chinese",
    "operating/messages.md": "sentences of manage.py, which prints them in Chinese",
    "releasing.md": "for those who release a version",
    "source-map.md": "for those who change the code",
    "testing.md": "for those who change the code",
    "upgrading.md": "tables of names, which a test compares with the code",
}
"""Pages without a Chinese one, and why."""

CHINESE_ONLY = {"glossary.md": "the words by which a Chinese reader searches"}

HAN = "\u3400-\u9fff"
PAIRS = sorted(
    each.relative_to(CHINESE)
    for each in CHINESE.rglob("*.md")
    if each.relative_to(CHINESE).as_posix() not in CHINESE_ONLY
)

each_pair = pytest.mark.parametrize("page", PAIRS, ids=str)


@dataclass(frozen=True)
class Section:
    """A heading and the text up to the next heading, however deep."""

    level: int
    heading: str
    text: str


def sections_of(page: Path) -> list[Section]:
    """Return the sections of a page; a `#` in a code block begins none."""
    found, inside = [], False
    for line in page.read_text("utf-8").splitlines():
        inside ^= line.lstrip().startswith("```")
        if not inside and (heading := re.match(r"(#+) (.+)$", line)):
            found.append((len(heading[1]), heading[2], []))
        elif found and not is_language_link(line):
            found[-1][2].append(line)
    return [
        Section(level, heading, "\n".join(lines)) for level, heading, lines in found
    ]


def is_language_link(line: str) -> bool:
    return bool(re.fullmatch(r"\[(中文|English)\]\([^)]+\)", line))


FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def code_of(text: str) -> list[str]:
    """Return the code blocks without their comments, which may be translated."""
    return [
        f"```{language}\n" + re.sub(r"(?m)(^|  )# .*$", "", code)
        for language, code in FENCED.findall(text)
    ]


def prose_of(text: str) -> str:
    return FENCED.sub("```", text)


def names_of(text: str) -> set[str]:
    return set(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose_of(text)))


UNITS = {"million": 10**6, "万": 10**4, "亿": 10**8}
LARGE = re.compile(rf"(\d+) ({'|'.join(UNITS)})")


def numbers_of(text: str) -> set[str]:
    """Return the numbers in digits, not those of names, links and ordered items."""
    text = re.sub(r"`[^`\n]+`|\]\([^)]+\)|^ *\d+\. ", " ", prose_of(text), flags=re.M)
    text = LARGE.sub(lambda found: str(int(found[1]) * UNITS[found[2]]), text)
    return set(re.findall(r"(?<![\w.-])\d+(?:[.,:]\d+)*", text))


def links_of(page: Path, text: str) -> Counter:
    """Count the links by their English page and the number of its heading."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose_of(text))
    return Counter(target_of(page, each) for each in found)


def target_of(page: Path, link: str) -> str:
    if re.match(r"[a-z]+:", link):
        return link
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    number = f"#{anchors_of(target).index(anchor)}" if anchor else ""
    return f"{in_english(target)}{number}"


def in_english(target: Path) -> str:
    path = target.relative_to(ROOT).as_posix()
    return path.replace("README.zh-CN.md", "README.md").replace("docs/zh/", "docs/")


def anchors_of(page: Path) -> list[str]:
    kept = [re.sub(r"[^\w\- ]", "", s.heading.lower()) for s in sections_of(page)]
    return [each.replace(" ", "-") for each in kept]


def rows_of(text: str) -> list[str]:
    """Return the names with which rows begin."""
    return re.findall(r"(?m)^\| `([^`]+)`", prose_of(text))


def shape_of(text: str) -> list[str]:
    """Return the kind of each block, with the number of its lines."""
    shape = []
    for block in re.split(r"\n\s*\n", prose_of(text).strip()):
        lines = block.splitlines()
        items = [line for line in lines if re.match(r" *(-|\d+\.) ", line)]
        kind = "rows" if block.startswith("|") else "lines"
        shape.append(f"{len(items)} items, " * bool(items) + f"{len(lines)} {kind}")
    return shape


def differences(page: Path) -> list[str]:
    """Return a line for each thing that one of the two pages has alone."""
    english, chinese = DOCS / page, CHINESE / page
    ours, theirs = sections_of(english), sections_of(chinese)
    levels = [[each.level for each in found] for found in (ours, theirs)]
    if levels[0] != levels[1]:
        at = next(
            (n for n, (a, b) in enumerate(zip(*levels, strict=False)) if a != b),
            min(map(len, levels)),
        )
        left = [
            found[at].heading if at < len(found) else "–" for found in (ours, theirs)
        ]
        return [
            f"docs/zh/{page}: heading {at + 1} is {left[1]!r}, of English {left[0]!r}"
        ]
    return [
        f"docs/zh/{page}, {b.heading!r} (docs/{page}, {a.heading!r}): {fault}"
        for a, b in zip(ours, theirs, strict=True)
        for fault in faults(english, chinese, a, b)
    ]


def faults(english: Path, chinese: Path, ours: Section, theirs: Section) -> list[str]:
    codes = code_of(ours.text), code_of(theirs.text)
    found = [
        f"{language} lacks the code {block!r}"
        for language, has, other in (("Chinese", *codes[::-1]), ("English", *codes))
        for block in other
        if block not in has
    ]
    for what, a, b in (
        ("the name", names_of(ours.text), names_of(theirs.text)),
        ("the number", numbers_of(ours.text), numbers_of(theirs.text)),
        (
            "a link to",
            links_of(english, ours.text),
            links_of(chinese, theirs.text),
        ),
    ):
        found += [f"Chinese lacks {what} {each}" for each in sorted(a - b)]
        found += [f"English lacks {what} {each}" for each in sorted(b - a)]
    order = rows_of(ours.text), rows_of(theirs.text)
    if order[0] != order[1] and sorted(order[0]) == sorted(order[1]):
        found.append(f"the rows of {order[1]} come in another order: {order[0]}")
    shapes = shape_of(ours.text), shape_of(theirs.text)
    if shapes[0] != shapes[1]:
        found.append(f"blocks are {shapes[1]}, of English {shapes[0]}")
    return found


@each_pair
def test_both_languages_say_the_same(page):
    """Section by section; what one language lacks is named."""
    found = differences(page)

    assert not found, "\n" + "\n".join(found)


@each_pair
def test_both_languages_lead_to_each_other(page):
    """In the line below the title, one blank line between."""
    up = "../" * len(page.parts)
    english, chinese = (
        (folder / page).read_text("utf-8").splitlines() for folder in (DOCS, CHINESE)
    )
    prefix = "../" * (len(page.parts) - 1)

    assert english[2] == f"[中文]({prefix}zh/{page.as_posix()})"
    assert chinese[2] == f"[English]({up}{page.as_posix()})"


def test_each_page_is_in_both_languages():
    """But those that are listed here with the reason; decisions stay in English."""
    english = {
        each.relative_to(DOCS).as_posix()
        for each in DOCS.rglob("*.md")
        if each.relative_to(DOCS).parts[0] not in ("zh", "decisions")
    }
    chinese = {each.relative_to(CHINESE).as_posix() for each in CHINESE.rglob("*.md")}

    assert sorted(english - chinese) == sorted(ENGLISH_ONLY)
    assert sorted(chinese - english) == sorted(CHINESE_ONLY)
    assert all(ENGLISH_ONLY.values())


@pytest.mark.parametrize("page", sorted(CHINESE.rglob("*.md")), ids=lambda p: p.name)
def test_a_chinese_page_links_to_chinese_pages(page):
    """Where there is one; the line below the title leads to the English one."""
    lines = page.read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not is_language_link(line))
    found = re.findall(r"\]\(([^):\s]+\.md)", prose_of(text))
    targets = {(page.parent / each).resolve() for each in found}
    english = [
        each.relative_to(DOCS).as_posix()
        for each in sorted(targets)
        if DOCS in each.parents and CHINESE not in each.parents
    ]

    assert [each for each in english if (CHINESE / each).exists()] == []


def plain(text: str) -> str:
    """Return prose without code blocks and targets of links, names as `x`."""
    text = re.sub(r"\]\([^)]*\)", "]", prose_of(text))
    return re.sub(r"`[^`\n]+`", "`x`", text)


MIXED = re.compile(rf"[{HAN}][A-Za-z0-9`]|[A-Za-z0-9`][{HAN}]")
NARROW = re.compile(rf"[{HAN}] ?(?:[,;?!]|:(?!:))|[,;?!][{HAN}]|[{HAN}]\(|\([{HAN}]")


@pytest.mark.parametrize("page", sorted(CHINESE.rglob("*.md")), ids=lambda p: p.name)
def test_chinese_is_set_in_one_way(page):
    """A blank between Chinese and Latin letters, and Chinese punctuation."""
    lines = plain(page.read_text("utf-8")).splitlines()

    assert [line for line in lines if MIXED.search(line) or NARROW.search(line)] == []


ENTRY = re.compile(r"^\| ([^|]+) \| (?:[^|]+ \| )+\[[^\]]+\]\(([^)]+)\) \|$", re.M)


def test_each_term_of_the_glossary_is_where_it_leads():
    """The first of a row's words is in the section that explains it."""
    page = CHINESE / "glossary.md"
    rows = ENTRY.findall(page.read_text("utf-8"))
    lost = []
    for terms, link in rows:
        path, _, anchor = link.partition("#")
        sections = sections_of(target := (page.parent / path).resolve())
        found = sections[anchors_of(target).index(anchor) :] if anchor else sections
        deeper = [s.level > found[0].level for s in found[1:]]
        size = deeper.index(False) + 1 if False in deeper else len(found)
        text = "\n".join(f"{s.heading}\n{s.text}" for s in found[:size])
        if terms.split("、")[0] not in text:
            lost.append(f"{terms}: {link}")

    assert len(rows) > 40
    assert not lost, "\n" + "\n".join(lost)

"""Rules for the content of a customer-service message, by its msgtype."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.catalogue.fields import Fields, appid, optional_text, text
from sandbox.errors import WeChatError

# Checks that a media_id is the account's, and of one of these kinds.
MediaCheck = Callable[[str, tuple[str, ...]], None]

# Not confirmed by the platform's documents; bytes.
LONGEST_TEXT = 2048
LONGEST_TITLE = 192
LONGEST_DESCRIPTION = 512
LONGEST_URL = 1024
MOST_ARTICLES = 1


def check_text(content: Fields, media: MediaCheck) -> None:
    """Refuse a text that is empty, or longer than a message holds."""
    text(content, "content", missing=44004)
    _limit(content, "content", most=LONGEST_TEXT, errcode=45002)


def check_image(content: Fields, media: MediaCheck) -> None:
    """Refuse an image that was not uploaded as one."""
    media(text(content, "media_id", missing=41006), ("image",))


def check_voice(content: Fields, media: MediaCheck) -> None:
    """Refuse a recording that was not uploaded as one."""
    media(text(content, "media_id", missing=41006), ("voice",))


def check_video(content: Fields, media: MediaCheck) -> None:
    """Refuse a video that was not uploaded, or whose cover was not."""
    media(text(content, "media_id", missing=41006), ("video",))
    if optional_text(content, "thumb_media_id"):
        _check_thumb(content, media)
    _check_words(content)


def check_music(content: Fields, media: MediaCheck) -> None:
    """Require two URLs and an uploaded cover of music."""
    for name in ("musicurl", "hqmusicurl"):
        text(content, name, missing=41010)
        _limit(content, name, most=LONGEST_URL, errcode=45005)
    _check_thumb(content, media)
    _check_words(content)


def check_news(content: Fields, media: MediaCheck) -> None:
    """Require exactly one article in news."""
    articles = content.get("articles")
    if not isinstance(articles, list) or not articles:
        raise WeChatError(44003)
    if len(articles) > MOST_ARTICLES:
        raise WeChatError(45008)
    if not isinstance(articles[0], dict):
        raise WeChatError(47001)
    _check_words(articles[0])
    _limit(articles[0], "url", most=LONGEST_URL, errcode=45005)
    _limit(articles[0], "picurl", most=LONGEST_URL, errcode=45006)


def check_mpnews(content: Fields, media: MediaCheck) -> None:
    """Refuse articles that were not uploaded."""
    media(text(content, "media_id", missing=41006), ("news",))


def check_mpnewsarticle(content: Fields, media: MediaCheck) -> None:
    """Require the name of a published article; do not look it up."""
    text(content, "article_id", missing=44003)


def check_msgmenu(content: Fields, media: MediaCheck) -> None:
    """Require at least one answer to the question, each with an id and words."""
    answers = content.get("list")
    if not isinstance(answers, list) or not answers:
        raise WeChatError(44005)
    for answer in answers:
        if not isinstance(answer, dict):
            raise WeChatError(47001)
        # Numbers serve as ids too.
        if not str(answer.get("id", "")):
            raise WeChatError(45166)
        text(answer, "content", missing=45166)


def check_wxcard(content: Fields, media: MediaCheck) -> None:
    """Require the name of a card; do not look it up."""
    text(content, "card_id", missing=40097)


def check_miniprogrampage(content: Fields, media: MediaCheck) -> None:
    """Require the appid, the path and an uploaded cover of a mini program's page."""
    appid(content, "appid", wrong=40166)
    text(content, "pagepath", missing=40165)
    _check_thumb(content, media)
    _check_words(content)


def check_link(content: Fields, media: MediaCheck) -> None:
    """Require the URL of a link."""
    text(content, "url", missing=41010)
    _limit(content, "url", most=LONGEST_URL, errcode=45005)
    _check_words(content)


def _check_thumb(content: Fields, media: MediaCheck) -> None:
    media(text(content, "thumb_media_id", missing=41006), ("thumb", "image"))


def _check_words(content: Fields) -> None:
    _limit(content, "title", most=LONGEST_TITLE, errcode=45003)
    _limit(content, "description", most=LONGEST_DESCRIPTION, errcode=45004)


def _limit(content: Fields, name: str, *, most: int, errcode: int) -> None:
    if len(optional_text(content, name).encode()) > most:
        raise WeChatError(errcode)


CHECKS: dict[str, Callable[[Fields, MediaCheck], None]] = {
    "text": check_text,
    "image": check_image,
    "voice": check_voice,
    "video": check_video,
    "music": check_music,
    "news": check_news,
    "mpnews": check_mpnews,
    "mpnewsarticle": check_mpnewsarticle,
    "msgmenu": check_msgmenu,
    "wxcard": check_wxcard,
    "miniprogrampage": check_miniprogrampage,
    "link": check_link,
}

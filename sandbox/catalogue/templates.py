"""Industries and templates: /cgi-bin/template/*."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.call import Answer, Call, Endpoint
from sandbox.catalogue.answers import ok
from sandbox.catalogue.fields import Fields, optional_texts, refuse_escapes, text
from sandbox.catalogue.industries import INDUSTRIES
from sandbox.catalogue.state.templates import Template, Templates
from sandbox.errors import WeChatError
from sandbox.world import App, World

# What the platform's library holds is not known here: it has any number of this
# shape, with the keywords that are asked for.
SHORT_ID = re.compile(r"(OPEN)?TM\d{4,12}|\d{1,8}")
KEYWORDS = ("关键词1", "关键词2", "关键词3")


def set_industry(world: World, app: App, call: Call) -> Answer:
    """Choose the account's two industries."""
    fields = call.fields()
    world.of(app.appid, Templates).choose_industries(
        _industry(fields, "industry_id1"),
        secondary=_industry(fields, "industry_id2"),
        now=call.now,
    )
    return ok()


def get_industry(world: World, app: App, call: Call) -> Answer:
    """Answer the account's two industries."""
    primary, secondary = world.of(app.appid, Templates).industries
    return {
        "primary_industry": INDUSTRIES[primary]._asdict(),
        "secondary_industry": INDUSTRIES[secondary]._asdict(),
    }


def add(world: World, app: App, call: Call) -> Answer:
    """Take a template from the library."""
    refuse_escapes(call, errcode=47002)
    fields = call.fields()
    short_id = text(fields, "template_id_short", missing=40037)
    if not SHORT_ID.fullmatch(short_id):
        raise WeChatError(40037)
    templates = world.of(app.appid, Templates)
    industry = INDUSTRIES[templates.industries[0]]
    template = Template(
        template_id=world.ids.template_id(),
        title=short_id,
        primary_industry=industry.first_class,
        deputy_industry=industry.second_class,
        content=_content(optional_texts(fields, "keyword_name_list") or KEYWORDS),
        example="",
    )
    templates.add(template)
    return ok(template_id=template.template_id)


def listing(world: World, app: App, call: Call) -> Answer:
    """Answer the templates the account has taken."""
    templates = world.of(app.appid, Templates).all()
    return {"template_list": [template.listed() for template in templates]}


def delete(world: World, app: App, call: Call) -> Answer:
    """Give a template up."""
    template_id = text(call.fields(), "template_id", missing=40037)
    world.of(app.appid, Templates).delete(template_id)
    return ok()


def _industry(fields: Fields, name: str) -> int:
    # Text in the documents' samples, numbers in some programs.
    ids = {str(id_): id_ for id_ in INDUSTRIES}
    industry = str(fields.get(name))
    if industry not in ids:
        raise WeChatError(40097)
    return ids[industry]


def _content(keywords: Sequence[str]) -> str:
    lines = (f"{name}：{{{{keyword{n}.DATA}}}}" for n, name in enumerate(keywords, 1))
    return "\n".join(("{{first.DATA}}", *lines, "{{remark.DATA}}"))


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/template/api_set_industry", set_industry, ("service",)),
    Endpoint("GET", "/cgi-bin/template/get_industry", get_industry, ("service",)),
    Endpoint("POST", "/cgi-bin/template/api_add_template", add, ("service",)),
    Endpoint(
        "GET", "/cgi-bin/template/get_all_private_template", listing, ("service",)
    ),
    Endpoint("POST", "/cgi-bin/template/del_private_template", delete, ("service",)),
)

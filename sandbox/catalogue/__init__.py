"""APIs beyond tokens and sign-in, each a plain list of endpoints."""

from __future__ import annotations

from sandbox.call import Endpoint, OpenEndpoint
from sandbox.catalogue import (
    black_list,
    conditional_menu,
    custom_messages,
    kf_accounts,
    mass_media,
    material,
    media,
    menu,
    qrcode,
    shorten,
    tags,
    template_messages,
    templates,
    uploaded,
    users,
)

ENDPOINTS: tuple[Endpoint | OpenEndpoint, ...] = (
    *users.ENDPOINTS,
    *tags.ENDPOINTS,
    *black_list.ENDPOINTS,
    *menu.ENDPOINTS,
    *conditional_menu.ENDPOINTS,
    *templates.ENDPOINTS,
    *template_messages.ENDPOINTS,
    *custom_messages.ENDPOINTS,
    *kf_accounts.ENDPOINTS,
    *media.ENDPOINTS,
    *mass_media.ENDPOINTS,
    *material.ENDPOINTS,
    *qrcode.ENDPOINTS,
    *shorten.ENDPOINTS,
    *uploaded.ENDPOINTS,
)

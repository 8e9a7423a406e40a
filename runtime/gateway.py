"""The composition root: everything a function works with, built when it is wanted."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.access import AccessTokens
from runtime.bucket_store import BucketStore
from runtime.calls import Calls
from runtime.counters import Counters
from runtime.custody import Custody
from runtime.document_copies import DocumentCopies
from runtime.documents import Documents
from runtime.envelope import Envelope
from runtime.flows import Flows
from runtime.folder_store import FolderStore
from runtime.grants import Pace
from runtime.redis_clients import connect
from runtime.registry import Registry
from runtime.sessions import Sessions
from runtime.settings import Settings, settings_from
from runtime.sign_in import WeChatSignIn
from runtime.signing import Signer
from runtime.store import Store
from runtime.transport import pooled_transport
from runtime.upkeep import Upkeep
from runtime.wechat import Transport, WeChat


class Gateway:
    """The parts, wired by the settings; making one neither connects nor imports."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        transport: Transport | None = None,
        client: Callable[[], Any] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.store = Store(
            client or (lambda: connect(settings.redis_url)),
            blocking=settings.redis_wait == "block",
        )
        self.documents = _documents(settings, self.store)
        self.registry = Registry(self.documents)
        wechat = WeChat(
            settings.wechat_api_url,
            transport or pooled_transport(),
            seconds=settings.wechat_deadline_seconds,
        )
        self.custody = Custody(self.store, pace=_pace(settings))
        self.upkeep = Upkeep(self.store, pace=_pace(settings))
        self.calls = Calls(wechat, self.custody)
        self.counters = Counters(self.store, clock=clock)
        self.sign_in = WeChatSignIn(
            wechat,
            open_url=settings.wechat_open_url,
            base_url=settings.public_base_url,
        )
        self.flows = Flows(self.store, secure=settings.secure)
        self.sessions = Sessions(
            self.store,
            keys=settings.cookie_secrets,
            secure=settings.secure,
            seconds=settings.session_days * 86400,
        )
        self.access_tokens = AccessTokens(
            Signer(settings.token_secrets, purpose="access_token"), self.registry
        )
        self.form_signer = Signer(settings.token_secrets, purpose="form")


def _documents(settings: Settings, store: Store) -> Documents:
    envelope = Envelope(settings.master_keys)
    if settings.config_url.startswith("s3://"):
        bucket = BucketStore(
            settings.config_url,
            endpoint=settings.s3_endpoint_url,
            create_only=settings.s3_create_only,
        )
        return Documents(bucket, envelope, copies=DocumentCopies(store))
    # A folder is as near as Redis, and who writes into it may not reach Redis.
    folder = FolderStore(Path(settings.config_url.removeprefix("file:")))
    return Documents(folder, envelope)


def _pace(settings: Settings) -> Pace:
    return Pace(
        lease=settings.lease_seconds,
        renew_every=settings.lease_renew_seconds,
        wait=settings.credential_wait_seconds,
        due_before=settings.credential_due_seconds,
        ahead=settings.credential_due_seconds,
        spent_before=settings.credential_spent_seconds,
    )


_current: Gateway | None = None
_lock = threading.Lock()


def current_gateway() -> Gateway:
    """Return this process' gateway, made from the environment at the first call."""
    global _current
    with _lock:
        if _current is None:
            _current = Gateway(settings_from(os.environ))
        return _current


def forget_gateway() -> None:
    """Let the next call make a new gateway: the environment has changed."""
    global _current
    with _lock:
        _current = None

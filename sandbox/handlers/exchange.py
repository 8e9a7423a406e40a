"""Base handler of every request: 412, faults, the journal."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any
from urllib.parse import parse_qsl

from tornado.locks import Condition
from tornado.log import app_log
from tornado.web import RequestHandler

from sandbox.call import Call
from sandbox.state.faults import Fault
from sandbox.state.journal import Entry, mask, token_id
from sandbox.world import World

TOKENS = ("access_token", "component_access_token", "authorizer_access_token")


class SandboxHandler(RequestHandler):
    """A request that may have changed the world: waiting polls look again."""

    def initialize(self, world: World, changes: Condition) -> None:
        self.world = world
        self.changes = changes

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def compute_etag(self) -> None:
        """Answer everything in full: the platform sends no ETag."""

    @property
    def origin(self) -> str:
        """Return the base URL of the request, without a trailing slash."""
        return f"{self.request.protocol}://{self.request.host}"

    def on_finish(self) -> None:
        self.changes.notify_all()

    def log_exception(self, *error: Any) -> None:
        # Tornado's own line has the whole query, secrets included.
        app_log.error("failed: %s", self.request.path, exc_info=error)


class PlatformHandler(SandboxHandler):
    """A request to WeChat itself, as against the sandbox's control plane."""

    errcode: int | None = None
    appid: str | None = None
    token: str | None = None
    fault: Fault | None = None

    async def prepare(self) -> None:
        self.started = time.monotonic()
        self.call = self._make_call()
        if self._is_unmeasured():
            self.set_status(412)
            self.finish("<html><h1>412 Precondition Failed</h1></html>")
            return
        self.fault = self.world.faults.take(self.call.path)
        if self.fault is not None:
            await self._misbehave(self.fault)

    def on_finish(self) -> None:
        super().on_finish()
        self._note(self.get_status())

    def answer_fault(self, errcode: int) -> None:
        """Answer an ordered errcode in this kind of resource's own way."""
        raise NotImplementedError

    async def _misbehave(self, fault: Fault) -> None:
        if fault.delay_ms is not None:
            await asyncio.sleep(fault.delay_ms / 1000)
        elif fault.drop:
            self._note(None)
            self.detach().close()
        elif fault.status is not None:
            self.set_status(fault.status)
            self.finish(f"<html><h1>{fault.status}</h1></html>")
        elif fault.body is not None:
            self.finish(fault.body)
        elif fault.errcode is not None:
            self.answer_fault(fault.errcode)

    @property
    def given_token(self) -> str | None:
        """Return the token that the request uses."""
        call = self.call
        return call.argument("access_token") or call.argument("component_access_token")

    def _is_unmeasured(self) -> bool:
        """Tell whether the body came without its length, as chunks do."""
        headers = self.request.headers
        has_body = self.request.method == "POST" or "Transfer-Encoding" in headers
        return has_body and "Content-Length" not in headers

    def _make_call(self) -> Call:
        request = self.request
        query = parse_qsl(request.query, keep_blank_values=True)
        headers = request.headers.get_all()
        return Call(
            method=request.method or "",
            # SDKs join a base that ends in a slash to a path that begins with one.
            path=re.sub("^//+", "/", request.path),
            query=tuple(query),
            headers=tuple((name.lower(), value) for name, value in headers),
            body=request.body,
            client_ip=request.remote_ip or "",
            now=self.world.clock.now(),
        )

    def _note(self, status: int | None) -> None:
        token = self.token or self.given_token
        self.world.journal.add(
            Entry(
                time=self.call.now,
                method=self.call.method,
                path=self.call.path,
                query=mask(self.call.query),
                client_ip=self.call.client_ip,
                appid=self.appid or self.call.argument("appid"),
                token_id=token_id(token) if token else None,
                status=status,
                errcode=self.errcode,
                fault=None if self.fault is None else self.fault.name,
            )
        )

"""Sign-ins: flows, sessions, and the codes and tokens that clients get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.parts.foundation import lazy
from runtime.parts.pushes import Pushes

if TYPE_CHECKING:
    from runtime.crypto.signing import Signer
    from runtime.sign_in.answered import AnsweredRequests
    from runtime.sign_in.confirmations import Confirmations
    from runtime.sign_in.console_codes import ConsoleCodes
    from runtime.sign_in.console_sessions import ConsoleSessions
    from runtime.sign_in.flows import Flows
    from runtime.sign_in.openids import Openids
    from runtime.sign_in.pushed_requests import PushedRequests
    from runtime.sign_in.references import References
    from runtime.sign_in.session_clients import SessionClients
    from runtime.sign_in.sessions import Sessions
    from runtime.sign_in.sign_outs import SignOuts
    from runtime.sign_in.web_view_codes import WebViewCodes
    from runtime.tokens.gateway_tokens import GatewayTokens
    from runtime.tokens.grant_store import GrantStore
    from runtime.tokens.id_tokens import IdTokens
    from runtime.tokens.logout_notices import LogoutNotices
    from runtime.tokens.media_links import MediaLinks
    from runtime.tokens.oidc_keys import OidcKeys
    from runtime.wecom.oauth import WeComSignIn


class SignIns(Pushes):
    """Members of sign-ins."""

    @lazy
    def wecom_sign_in(self) -> WeComSignIn:
        """Return the sign-in by WeCom in a browser."""
        from runtime.wecom.oauth import WeComSignIn

        return WeComSignIn(
            self.wecom_calls,
            open_url=self.settings.wechat_open_url,
            login_url=self.settings.wecom_login_url,
            base_url=self.settings.public_base_url,
            seconds=self.settings.wechat_deadline_seconds,
        )

    @lazy
    def flows(self) -> Flows:
        """Return the flows: sign-ins that are not finished."""
        from runtime.sign_in.flows import Flows

        return Flows(self.redis_store, secure=self.settings.secure)

    @lazy
    def answered(self) -> AnsweredRequests:
        """Return the requests that were answered with a code."""
        from runtime.sign_in.answered import AnsweredRequests

        return AnsweredRequests(self.redis_store)

    @lazy
    def pushed_requests(self) -> PushedRequests:
        """Return the authorization requests that are too long for a link."""
        from runtime.sign_in.pushed_requests import PushedRequests

        return PushedRequests(self.redis_store)

    @lazy
    def confirmations(self) -> Confirmations:
        """Return the sign-ins on computers that users confirm on their phones."""
        from runtime.sign_in.confirmations import Confirmations

        return Confirmations(self.redis_store)

    @lazy
    def web_view_codes(self) -> WebViewCodes:
        """Return the codes that take a mini program's user into its web-view."""
        from runtime.sign_in.web_view_codes import WebViewCodes

        return WebViewCodes(self.redis_store)

    @lazy
    def _sign_outs(self) -> SignOuts:
        from runtime.sign_in.sign_outs import SignOuts
        from runtime.tokens.lifetimes import REFRESH_TOKEN_SECONDS

        longest = max(self.settings.session_days * 86400, REFRESH_TOKEN_SECONDS)
        return SignOuts(self.redis_store, seconds=longest)

    @lazy
    def sessions(self) -> Sessions:
        """Return the sessions of signed-in users."""
        from runtime.sign_in.sessions import Sessions

        return Sessions(
            self.redis_store,
            keys=self.settings.cookie_secrets,
            secure=self.settings.secure,
            seconds=self.settings.session_days * 86400,
            domain=self.settings.cookie_domain,
            sign_outs=self._sign_outs,
            on_end=lambda sub, sid: self.logout_notices.send(sub, sid),
        )

    @lazy
    def console_codes(self) -> ConsoleCodes:
        """Return the codes that open the operators' console."""
        from runtime.sign_in.console_codes import ConsoleCodes

        return ConsoleCodes(self.redis_store, self._signer("console_code"))

    @lazy
    def console_sessions(self) -> ConsoleSessions:
        """Return the sessions of the operators' console."""
        from runtime.sign_in.console_sessions import ConsoleSessions

        return ConsoleSessions(self.redis_store, secure=self.settings.secure)

    @lazy
    def session_clients(self) -> SessionClients:
        """Return the clients in which users' sessions are used."""
        from runtime.sign_in.session_clients import SessionClients
        from runtime.tokens.lifetimes import REFRESH_TOKEN_SECONDS

        longest = max(self.settings.session_days * 86400, REFRESH_TOKEN_SECONDS)
        return SessionClients(self.redis_store, seconds=longest)

    @lazy
    def logout_notices(self) -> LogoutNotices:
        """Return the notices to clients that a session has ended."""
        from runtime.push.deliveries import NO_APP, job_id_of
        from runtime.tokens.logout_notices import LogoutNotices

        def add(target: str, kind: str, payload: str, *, name: str) -> str:
            job_id = job_id_of(NO_APP, name)
            return self.deliveries.add(target, kind, payload, job_id=job_id)

        return LogoutNotices(
            self.session_clients,
            self.registry,
            self.id_tokens,
            add=add,
            clock=self.clock,
        )

    @lazy
    def openids(self) -> Openids:
        """Return the openids of users by app."""
        from runtime.sign_in.openids import Openids

        return Openids(self.redis_store)

    @lazy
    def references(self) -> References:
        """Return the references by which operators find refused users."""
        from runtime.sign_in.references import References

        return References(self.redis_store, self._signer("reference"))

    @lazy
    def grants(self) -> GrantStore:
        """Return what clients were told of users."""
        from runtime.tokens.grant_store import GrantStore

        return GrantStore(
            self.redis_store,
            self.registry,
            codes=self._signer("code"),
            user_tokens=self._signer("user_token"),
            refresh_tokens=self._signer("refresh_token"),
            sign_outs=self._sign_outs,
        )

    @lazy
    def gateway_tokens(self) -> GatewayTokens:
        """Return the issuer and reader of gateway tokens."""
        from runtime.tokens.gateway_tokens import GatewayTokens

        return GatewayTokens(self._signer("access_token"), self.registry)

    @lazy
    def media_links(self) -> MediaLinks:
        """Return the issuer and reader of media links."""
        from runtime.tokens.media_links import MediaLinks

        return MediaLinks(self._signer("media_link"), self.registry)

    @lazy
    def form_signer(self) -> Signer:
        """Return the signer of our own forms."""
        return self._signer("form")

    @lazy
    def oidc_keys(self) -> OidcKeys:
        """Return the keys of OpenID Connect."""
        from runtime.tokens.oidc_keys import OidcKeys

        return OidcKeys(self.settings.oidc_key)

    @lazy
    def id_tokens(self) -> IdTokens:
        """Return the issuer of ID tokens."""
        from runtime.tokens.id_tokens import IdTokens

        return IdTokens(self.oidc_keys, issuer=self.settings.public_base_url)

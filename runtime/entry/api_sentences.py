"""Sentences for the refusals of API calls, by code.

They name what is allowed, and nothing that a stranger could not know.
"""

from __future__ import annotations

from collections.abc import Mapping

from runtime.errors import ApiRefused, GatewayError

SENTENCES: Mapping[str, str] = {
    "access_token_missing": "Send access_token in the query; the gateway's own paths "
    "take an Authorization header with Bearer or Basic, too.",
    "another_component": "The token is not that of the component that component_appid "
    "names.",
    "app_not_granted": "The client may not use this app, or the token is another "
    "app's: an operator grants an app with client update --app.",
    "appid_missing": "Send appid.",
    "cannot_decrypt": "The data was not encrypted for this app with the session_key of "
    "this user: call wx.login and get the data again.",
    "code_missing": "Send code, or js_code of a mini program.",
    "component_access_token_missing": "Send the gateway token of the component as "
    "component_access_token.",
    "component_appid_missing": "Send component_appid.",
    "component_token_needed": "This path takes the component's token: an operator adds "
    "the path to the client's scopes for the component.",
    "corpid_missing": "Send corpid.",
    "corpsecret_missing": "Send AGENTID:SECRET with the client secret as corpsecret.",
    "invalid_client_secret": "The client secret is wrong, or its client is unknown or "
    "disabled.",
    "invalid_code": "The code is unknown, used, expired, or another client's: start "
    "again.",
    "invalid_grant_type": "grant_type must be client_credential for a token, "
    "authorization_code for a code, or refresh_token.",
    "invalid_openid": "The openid does not belong to this access_token.",
    "invalid_refresh_token": "The refresh_token is unknown, older than thirty days, "
    "revoked, or another appid's: let the user sign in again.",
    "invalid_user_ticket": "The user_ticket is unknown, expired, or another client's: "
    "start again.",
    "not_a_component_token": "Send the token of api_component_token; this one is an "
    "account's.",
    "not_authorized": "The account has not authorised the component, has withdrawn, or "
    "is none of the client's.",
    "openid_missing": "Send openid.",
    "path_not_in_scope": "The scopes of the client, or of its token, do not contain "
    "this path: an operator adds it with client update --app --scope.",
    "path_not_proxied": "This path takes or returns a secret or a token, or belongs to "
    "sign-in, so it is never forwarded.",
    "refresh_token_missing": "Send refresh_token.",
    "scope_is_snsapi_base": "A silent sign-in has no profile: ask for snsapi_userinfo.",
    "secret_missing": "Send the client secret as secret.",
    "session_key_unknown": "There is no session_key of this openid that is younger "
    "than thirty days: let the user call wx.login.",
    "several_apps": "The client has several apps of this corp: send AGENTID:SECRET as "
    "corpsecret, or let an operator name one with client update --default-app.",
    "signature_mismatch": "signature does not match raw_data and the session_key: call "
    "wx.login and get the data again.",
    "token_in_answer": "WeChat's answer contained the real token, so it is not "
    "returned. The call itself has happened.",
    "unionid_missing": "The client admits only some users, and WeChat told no unionid: "
    "bind the mini program to an open platform account.",
    "unknown_appid": "There is no such app here: check the appid.",
    "unknown_component": "There is no such component here: check component_appid.",
    "unknown_corpid": "There is no app of this corp for the client: check corpid.",
    "unknown_robot": "There is no such robot: key is its name in the app's document.",
    "unknown_ticket_type": "type must be jsapi or wx_card, in WeCom jsapi or "
    "agent_config.",
    "url_not_encoded": "Percent-encode the whole URL of the page: only url and "
    "access_token may be in the query.",
    "url_not_http": "url must be the page's http:// or https:// URL with a domain.",
    "url_not_in_js_domains": "The host of url is not among the js_domains of the app "
    "and the client.",
    "wrong_authorization_code": "The code is unknown, used, older than an hour, or "
    "another client's: start again.",
    "wrong_refresh_token": "The refresh token is not the client's for this account: "
    "ask api_get_authorizer_list for it.",
    "wrong_verify_ticket": "Send the ComponentVerifyTicket that the gateway pushes to "
    "this client; WeChat's own is of no use.",
}


def sentence_of(error: GatewayError) -> str:
    """Return what a program is told of an error."""
    if isinstance(error, ApiRefused):
        return SENTENCES.get(error.code, error.message)
    return error.message

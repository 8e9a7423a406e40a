"""Errors for programs: on the gateway's own paths, and at OAuth's token endpoint."""

from __future__ import annotations

import json

import pytest

from functions.oidc.client_form import OAuthRefused
from runtime.entry.api_sentences import SENTENCES, sentence_of
from runtime.entry.dialects import (
    api_dialect,
    json_dialect,
    oauth_dialect,
    wechat_dialect,
)
from runtime.errors import (
    ApiRefused,
    BadRequest,
    GatewayError,
    InvalidClient,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    WeChatRefused,
)
from runtime.tokens.gateway_tokens import ExpiredToken, InvalidScope, InvalidToken
from runtime.web.messages import Request
from tests.support.documentation import calls, sources


def say(dialect, error, *, authorization=None):
    headers = (("authorization", authorization),) if authorization else ()
    request = Request("GET", "/", headers=headers, request_id="req-1")
    return dialect(request, error, https=True)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ApiRefused(41001, "access_token_missing"), 401, "access_token_missing"),
        (InvalidToken(), 401, "invalid_token"),
        (ExpiredToken(), 401, "invalid_token"),
        (InvalidClient(), 401, "invalid_client"),
        (ApiRefused(48001, "path_not_in_scope"), 403, "path_not_in_scope"),
        (ApiRefused(40013, "unknown_appid"), 404, "unknown_appid"),
        (ApiRefused(40097, "url_not_http"), 400, "url_not_http"),
        (NotFound(), 404, "not_found"),
        (RateLimited(1.5), 429, "rate_limited"),
        (BadRequest(), 400, "invalid_request"),
        (ServiceUnavailable(), 503, "temporarily_unavailable"),
        (GatewayError(), 500, "internal_error"),
    ],
)
def test_own_paths_have_http_statuses(error, status, code):
    """Errors are JSON with three fields."""
    response = say(api_dialect, error)
    content = json.loads(response.body)

    assert (status, code) == (response.status, content["error"])
    assert ["error", "message", "request_id"] == list(content)
    assert "req-1" == content["request_id"]
    assert sentence_of(error) == content["message"]
    assert "no-store" == dict(response.headers)["Cache-Control"]
    assert (401 == status) == ("WWW-Authenticate" in dict(response.headers))


def test_a_refusal_says_why():
    """The message explains the refusal."""
    refused = ApiRefused(48001, "app_not_granted", cause="of demo, which has wx1")
    content = json.loads(say(api_dialect, refused).body)

    assert content["message"].startswith("The client may not use this app")
    assert "wx1" not in str(content)
    assert "wx1" not in str(say(wechat_dialect, refused))


def test_a_developer_is_told_the_cause():
    """Only of a gateway that nobody else reaches."""
    refused = ApiRefused(48001, "app_not_granted", cause="of demo, which has wx1")
    developer = Request("GET", "/x", request_id="req-1", explains=True)

    for dialect in (api_dialect, json_dialect, oauth_dialect):
        content = json.loads(dialect(developer, refused, https=False).body)
        assert content["cause"] == refused.cause
    hint = dict(wechat_dialect(developer, refused, https=False).headers)
    assert hint["X-Gateway-Hint"] == refused.cause


def test_every_refusal_of_an_api_call_has_its_sentence():
    """One that says more than the code, in ASCII for a header."""
    raised = {
        call.args[1].value
        for _, tree in sources("runtime", "functions")
        for call in calls(tree, "ApiRefused")
    }

    assert raised == set(SENTENCES)
    assert all(each.isascii() and each.endswith(".") for each in SENTENCES.values())


def test_wechats_own_words_help_a_program():
    """Its code and text stand in the message."""
    error = WeChatRefused(76003, "cgi_path not found rid: 1-2-3")
    content = json.loads(say(api_dialect, error).body)

    assert "(76003: cgi_path not found rid: 1-2-3)" in content["message"]


@pytest.mark.parametrize(
    ("scheme", "asked"), [("Basic", "Basic"), ("Bearer", "Bearer")]
)
def test_a_401_asks_for_the_scheme_that_was_tried(scheme, asked):
    """Bearer if the request had none."""
    response = say(api_dialect, InvalidToken(), authorization=f"{scheme} x")

    assert f'{asked} realm="gateway"' == dict(response.headers)["WWW-Authenticate"]


@pytest.mark.parametrize("dialect", [api_dialect, oauth_dialect])
def test_headers_that_an_error_needs(dialect):
    """503 has Retry-After, 405 has Allow."""
    limited = dict(say(dialect, RateLimited(1.5)).headers)
    odd = dict(say(dialect, MethodNotAllowed("POST")).headers)

    assert ("2", "POST") == (limited["Retry-After"], odd["Allow"])


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OAuthRefused("unsupported_grant_type", "x"), 400, "unsupported_grant_type"),
        (InvalidClient(), 401, "invalid_client"),
        (InvalidScope(), 400, "invalid_scope"),
        (BadRequest(), 400, "invalid_request"),
        (MethodNotAllowed("POST"), 405, "method_not_allowed"),
    ],
)
def test_oauths_form(error, status, code):
    """`error` and an ASCII `error_description`, kept by no cache."""
    response = say(oauth_dialect, error)
    content = json.loads(response.body)
    headers = dict(response.headers)

    assert (status, code) == (response.status, content["error"])
    assert content["error_description"].isascii()
    assert not set('"\\') & set(content["error_description"])
    assert ("no-store", "no-cache") == (headers["Cache-Control"], headers["Pragma"])


@pytest.mark.parametrize(
    ("authorization", "asked"),
    [
        (None, None),
        ("Basic x", 'Basic realm="gateway"'),
        ("Digest x", 'Basic realm="gateway"'),
    ],
)
def test_oauth_challenges_who_used_the_header(authorization, asked):
    """RFC 6749, 5.2; a client in the body gets the 401 alone."""
    response = say(oauth_dialect, InvalidClient(), authorization=authorization)

    assert asked == dict(response.headers).get("WWW-Authenticate")

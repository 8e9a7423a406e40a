"""Every path of the sandbox: which answers hold the account's token or a secret."""

from __future__ import annotations

from sandbox import basics, catalogue
from tests.support.revealing_paths import REVEALING


def test_the_paths_whose_answers_hold_a_token_or_secret(sandbox):
    """Each is asked with a token, for what it may know of a failed call."""
    app, found = sandbox.app("service"), set()
    for endpoint in (*basics.ENDPOINTS, *catalogue.ENDPOINTS):
        token = sandbox.token()
        query = {"access_token": token, "type": "jsapi", "appid": app["appid"]}
        query |= {"secret": app["secret"], "grant_type": "client_credential"}
        wrong = {"access_token": token, "secret": app["secret"], "type": "coffee"}
        failed = sandbox.get("/cgi-bin/ticket/getticket", wrong).json()
        rid = failed["errmsg"].partition("rid: ")[2]
        method = "POST" if endpoint.method == "*" else endpoint.method
        body = None if method == "GET" else {"rid": rid, **query}
        told = sandbox.call(method, endpoint.path, query, body=body).body.decode(
            "latin-1"
        )
        given = ('"access_token":', '"ticket":"')
        if any(each in told for each in (token, app["secret"], *given)):
            found.add(endpoint.path)

    qr_code = {"/cgi-bin/qrcode/create"}  # its ticket leads to a picture only
    assert found - qr_code == REVEALING

"""Paths of the sandbox whose answers hold a token or a secret.

tests/sandbox/test_revealing_paths.py compares the list with the sandbox's own answers.
"""

from __future__ import annotations

REVEALING = {
    "/cgi-bin/openapi/rid/get",
    "/cgi-bin/stable_token",
    "/cgi-bin/ticket/getticket",
    "/cgi-bin/token",
}

"""A form from a service of another site, with which no cookie of ours comes."""

from __future__ import annotations

import pytest

POST = """address => {
  const { origin, pathname, searchParams } = new URL(address);
  const form = document.body.appendChild(document.createElement("form"));
  form.method = "post";
  form.action = origin + pathname;
  for (const [name, value] of searchParams) {
    const field = form.appendChild(document.createElement("input"));
    field.name = name;
    field.value = value;
  }
  form.submit();
}"""


@pytest.mark.case(97, 100, 113)
@pytest.mark.parametrize("more", [{}, {"prompt": "none"}], ids=["plain", "prompt=none"])
def test_who_is_signed_in_is_seen(visitor, service, more):
    """The link that follows the form brings the cookie, and WeChat is not asked."""
    before = visitor.told()
    visitor.visited.clear()
    with visitor.tab.expect_navigation(url=f"{service.url}/signed_in**"):
        visitor.tab.evaluate(POST, service.begin("oidc", more))
    after = visitor.told()

    assert before["sub"] == after["sub"]
    assert before["id_token"] != after["id_token"]
    assert not [each for each in visitor.visited if visitor.host.sandbox_url in each]

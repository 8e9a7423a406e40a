"""A service of another site asks by a form: the browser keeps our cookie from it."""

from __future__ import annotations

import pytest

from tests.browser.walk.person import IN_WECHAT

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


@pytest.fixture
def phone(meet, service):
    """Somebody in WeChat's browser who is signed in, and on the service's page."""
    person = meet(**IN_WECHAT)
    person.open(f"{service.url}/oidc")
    person.agree()
    person.arrive(f"{service.url}/signed_in")
    return person


@pytest.mark.case(97, 100, 113)
@pytest.mark.parametrize("more", [{}, {"prompt": "none"}], ids=["plain", "prompt=none"])
def test_who_is_signed_in_is_seen(phone, service, more):
    """The link that follows the form brings the cookie, and WeChat is not asked."""
    before = phone.told()
    phone.visited.clear()
    with phone.tab.expect_navigation(url=f"{service.url}/signed_in**"):
        phone.tab.evaluate(POST, service.begin("oidc", more))
    after = phone.told()

    assert before["sub"] == after["sub"]
    assert before["id_token"] != after["id_token"]
    assert not [each for each in phone.visited if phone.house.sandbox_url in each]

"""Industries and message templates of one account."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sandbox.errors import WeChatError

# Not confirmed by the platform's documents.
MOST_TEMPLATES = 25
SECONDS_BETWEEN_INDUSTRIES = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Template:
    """One template as the account's list shows it."""

    template_id: str
    title: str
    primary_industry: str
    deputy_industry: str
    content: str
    example: str

    def listed(self) -> dict[str, str]:
        """Return it in the words of the wire."""
        return asdict(self)


class Templates:
    """The templates an account has taken from the library, in that order."""

    def __init__(self) -> None:
        self.industries = (1, 2)
        self._industries_since: float | None = None
        self._templates: dict[str, Template] = {}

    def choose_industries(self, primary: int, *, secondary: int, now: float) -> None:
        """Set both; 43100 within a month of the last time."""
        since = self._industries_since
        if since is not None and now < since + SECONDS_BETWEEN_INDUSTRIES:
            raise WeChatError(43100)
        self.industries, self._industries_since = (primary, secondary), now

    def add(self, template: Template) -> None:
        """Take one more; 45026 when there are too many."""
        if len(self._templates) >= MOST_TEMPLATES:
            raise WeChatError(45026)
        self._templates[template.template_id] = template

    def get(self, template_id: str) -> Template:
        """Return one; 40037 if the account has none of that id."""
        if template_id not in self._templates:
            raise WeChatError(40037)
        return self._templates[template_id]

    def all(self) -> list[Template]:
        """Return them in the order they were taken."""
        return list(self._templates.values())

    def delete(self, template_id: str) -> None:
        """Give one up; 40037 if the account has none of that id."""
        self.get(template_id)
        del self._templates[template_id]

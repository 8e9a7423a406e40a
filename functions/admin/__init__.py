"""The admin function: an operator's verbs over HTTP, behind a signed trigger."""

"""An operator's verbs over HTTP, for callers that the trigger has let in."""

"""OAuth 2.0 for business services: /oidc/token."""

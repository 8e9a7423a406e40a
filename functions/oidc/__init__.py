"""OAuth 2.0 and OpenID Connect for business services: /oidc/*."""

"""Sign-in page and session: /login, /login/me, /logout."""

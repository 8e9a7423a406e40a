"""The login function: sign-in page, session and sign-out."""

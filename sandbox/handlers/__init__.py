"""How the platform is spoken to over HTTP."""

"""Brings the gateway to where it runs."""

"""Deployment: what is checked, built and uploaded, and the smoke test after it."""

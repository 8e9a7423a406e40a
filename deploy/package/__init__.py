"""Assembles what Function Compute is sent; `make build` runs it."""

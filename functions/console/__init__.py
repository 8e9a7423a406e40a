"""The operators' function: /metrics."""

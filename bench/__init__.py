"""Benchmarks: the gateway side by side with the usual alternatives to its parts."""

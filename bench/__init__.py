"""Measures the gateway side by side with what people use instead of its parts."""

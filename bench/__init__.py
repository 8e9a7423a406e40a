"""Measures token custody side by side with what people use instead of it."""

"""HTTP handlers of the platform."""

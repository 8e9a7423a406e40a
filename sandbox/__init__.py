"""A simulated WeChat platform on one port; shares no code with the gateway."""

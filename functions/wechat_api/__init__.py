"""WeChat's API, called with a gateway token in place of an access_token."""

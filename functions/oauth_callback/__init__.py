"""The callback URL, to which WeChat sends the browser: /oauth_callback/{appid}."""

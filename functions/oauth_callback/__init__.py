"""Where WeChat sends the browser back: /oauth_callback/{appid}."""

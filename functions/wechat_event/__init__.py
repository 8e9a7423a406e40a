"""The callback URL of pushes, to which WeChat sends messages: /wechat_event/{appid}."""

"""HTTP to a platform: connections, requests, answers read strictly.

It knows nothing of WeChat's API. The package wechat and the gateway import it. Begin
with transport.py.
"""

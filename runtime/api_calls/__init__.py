"""Calls of a platform's API with a token that custody holds.

Owns what WeChat and WeCom have in common: the token is put in, a call is repeated where
that does no harm, and no answer shows the token. The packages wechat, wecom and
operations and the gateway import it. Begin with token_calls.py.
"""

"""Token custody: each credential is fetched once, kept in Redis and never lost.

Owns the lease protocol with its Lua scripts, and the memory of one process. It knows
neither apps nor WeChat: a credential is a name and a source. The packages wechat and
operations and the gateway import it. Begin with custody.py; docs/token-custody.md
explains the protocol.
"""

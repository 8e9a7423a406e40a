"""Parts of the gateway, each with the members that belong together.

Only `runtime/gateway.py` imports them. Each part has the members of those before it:
foundation, wechat_platform, pushes, sign_ins. A member is made when it is first used.
Begin with `foundation`.
"""

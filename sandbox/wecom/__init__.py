"""WeCom: corps, their secrets and members, `/qyapi`, sign-in and callbacks.

Begin with `state.py`, which holds a corp's whole state, and `dispatch.py`, which
checks a call before its endpoint answers. WeCom's hosts answer beneath `/qyapi` and
`/wwlogin`, because their paths collide with WeChat's.
"""

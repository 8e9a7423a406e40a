"""The WeChat platform: its API, its credentials, its sign-in.

Owns every request to WeChat and the reading of its answers. Functions reach it through
the gateway; of runtime only operations and the gateway may import it. Begin with
calls.py.
"""

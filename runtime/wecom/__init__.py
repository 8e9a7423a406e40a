"""The WeCom platform: its API, its credentials, its errors.

Owns every request to WeCom and the reading of its answers; no code and no table is
WeChat's. Functions reach it through the gateway; of runtime only broker, operations and
the gateway may import it. Begin with calls.py.
"""

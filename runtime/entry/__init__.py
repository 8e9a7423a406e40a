"""The way from the platform's call to a view and back.

Owns the adapters for Function Compute's two forms of call, routing, error answers in
each dialect, CORS, /healthz and the timer's entry. Functions import it; no other
package of runtime does. Begin with entrypoint.py.
"""

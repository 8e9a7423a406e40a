"""The local host: Function Compute's HTTP and timer triggers on one machine.

`fc` does what Function Compute does around a call, `server` is the Tornado server,
`processes` runs several processes and the host's children, `developer` sets up a
developer's machine. local_host.py puts them together.
"""

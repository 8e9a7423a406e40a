"""Build of the archive for Function Compute; `make build` runs it."""

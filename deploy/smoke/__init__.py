"""A look at what is deployed, function by function; `make smoke` runs it."""

"""One package per function; none imports another."""

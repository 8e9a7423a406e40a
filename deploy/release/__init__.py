"""Release of a version: refusals, then its files, their checksums and a local tag."""

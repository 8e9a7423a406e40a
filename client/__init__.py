"""Code for a Tornado business service; each file works alone after it is copied."""

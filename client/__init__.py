"""What a Tornado business service takes from the gateway: each file stands alone."""

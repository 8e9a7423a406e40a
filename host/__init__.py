"""Function Compute's HTTP trigger, played on one machine for development and tests."""

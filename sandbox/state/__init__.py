"""What is true on the platform; knows no HTTP."""

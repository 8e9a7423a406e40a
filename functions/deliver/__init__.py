"""The deliver function of a timer and of nudges: sends what is due to services."""

"""The refresh function of a timer: refreshes credentials before they expire."""

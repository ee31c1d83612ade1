"""Speed and accuracy, measured by one command: ``make bench``."""

"""What made a row's score high, and what would have been normal."""

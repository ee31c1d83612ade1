"""The detector's door: whatever users have, as the array that an algorithm takes."""

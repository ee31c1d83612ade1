"""From scores to p-values, thresholds and confidence."""

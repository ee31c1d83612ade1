"""The values that the anomaly domain speaks of; numpy only."""

"""The anomaly domain: algorithms, calibration, results and the detector that joins them."""

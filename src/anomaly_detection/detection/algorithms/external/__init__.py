"""Detectors of scikit-learn and PyOD, and those that a user registers, behind the one algorithm protocol."""

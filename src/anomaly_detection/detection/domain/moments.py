"""Which times can be written: the years 1 to 9999, which is as far as ISO 8601 with four digits goes."""

from __future__ import annotations

FIRST_SECOND, LAST_SECOND = -62_135_596_800.0, 253_402_300_800.0
"""Seconds from 1970-01-01 UTC; the last one is the first that no longer can be written."""

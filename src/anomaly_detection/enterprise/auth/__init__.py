"""Accounts of people, what they may do, and the proof that they are who they say."""

"""Carrying a frozen campaign out: turns, claims, the ledger, and what a dead worker left."""

"""Organisations, desks, accounts."""

"""Organisations, desks, people and services from and to spreadsheets."""

"""Audience, segment, campaign, deliveries, suppression."""

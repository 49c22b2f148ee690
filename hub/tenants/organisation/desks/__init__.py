"""An organisation's desks: their entries, their closures, and their end."""

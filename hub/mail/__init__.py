"""Building messages and handing them to the relay; used by every domain."""

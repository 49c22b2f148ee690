"""The desk's own records."""

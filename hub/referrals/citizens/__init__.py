"""The organisation's citizens: recognised rather than opened twice."""

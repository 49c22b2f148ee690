"""The public side of organisations and desks: the home page, the search for a desk, and the open list."""

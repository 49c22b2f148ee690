"""A desk's cases: opening, finding and reading them."""

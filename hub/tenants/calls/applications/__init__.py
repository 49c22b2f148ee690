"""What an administration sends in, step by step, and what becomes of it."""

"""What moves an offer between its sender and its receiver: in one routing transaction, along the edges."""

"""What people ask about a call, and the answers that everybody may read."""

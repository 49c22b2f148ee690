"""What every JSON route shares."""

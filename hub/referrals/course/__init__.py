"""What happens to a case: its consultations and milestones."""

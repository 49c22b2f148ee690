"""What lenders and tutors offer, from when to when."""

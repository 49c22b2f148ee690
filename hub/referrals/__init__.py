"""Citizens, consultations and cases of a desk, and the referrals that carry them to lenders and tutors."""

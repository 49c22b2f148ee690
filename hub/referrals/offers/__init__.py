"""Referrals, their offers, and what each receiver sees and answers."""

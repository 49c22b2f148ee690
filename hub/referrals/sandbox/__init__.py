"""The sandbox at work: it answers hosts' test referrals, and sends lenders one to answer."""

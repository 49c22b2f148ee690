"""The desk's side of a referral: choosing lenders and what each is shown, drafting, sending."""

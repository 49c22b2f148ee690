"""Who works on cases: whether somebody still may, and who can take one on."""

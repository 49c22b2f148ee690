"""The people of an organisation: invitations, roles, training, leaving."""

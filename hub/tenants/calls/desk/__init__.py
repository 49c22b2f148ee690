"""The desk from which the Ente sees all its calls: how they stand, what is to be done, and whom to remind."""

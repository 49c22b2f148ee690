"""MICRO-WORK Hub: the platform of the network."""

"""The servers of `hub up`: PostgreSQL, Valkey and a local mailbox, from wheels, for one machine."""

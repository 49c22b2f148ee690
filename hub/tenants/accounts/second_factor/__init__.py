"""The second factor of an account: codes of an app (RFC 6238), and recovery codes for the day it is gone."""

"""The servers of `hub up`: PostgreSQL, Valkey and a local mailbox, from wheels, for one machine.

up              everything, until Ctrl-C
status, print_status, running_environment     what runs
ephemeral       the same servers for a test run
"""

from hub.embedded.start_all import up
from hub.embedded.what_runs import print_status, running_environment, status

__all__ = ["print_status", "running_environment", "status", "up"]

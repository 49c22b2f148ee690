"""What can be brought in and taken out: for each kind its columns, its rules, and how it is written."""

from hub.tenants.exchange.kinds import desks, hosts, operators, services
from hub.tenants.exchange.schemas import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (hosts.KIND, desks.KIND, operators.KIND, services.KIND)
}

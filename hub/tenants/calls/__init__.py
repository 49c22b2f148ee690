"""How administrations come to host a desk: the Ente calls, they apply, the Ente selects."""

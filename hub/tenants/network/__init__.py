"""The network as the Ente sees it: its growth, its organisations, what blocks them."""

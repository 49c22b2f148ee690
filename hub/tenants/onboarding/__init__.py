"""How organisations come on board: set-up, protocol, checklist, activation."""

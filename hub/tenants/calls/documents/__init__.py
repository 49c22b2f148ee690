"""The papers of a call that everybody may take with them."""

"""An organisation as it describes itself: settings, desks, closing days."""

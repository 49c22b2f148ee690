"""From the applications that came in to the ranking that is published."""

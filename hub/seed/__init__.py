"""The demo network: invented people in real places, the same on every run, for trying the hub out and for measuring it."""

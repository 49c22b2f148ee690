"""The receiver's side: the offers it got, and answering them by page or by API."""

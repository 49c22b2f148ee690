"""What organisations sign to join: the Ente's templates, the documents made of them, and what comes back signed."""

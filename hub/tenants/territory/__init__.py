"""Italy's regions, provinces and municipalities: directory data that the build brings and `hub migrate` loads."""

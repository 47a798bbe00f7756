"""The services and workers, one folder each."""

"""What every HTTP service does alike: who is calling, errors, repeats, limits, pages, health."""

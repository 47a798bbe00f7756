"""Jobs: rows, chunks, events, and the state machine that drives them."""

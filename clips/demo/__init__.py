"""Makes the demo session: films drawn and sounded by program, then uploaded like any camera file."""

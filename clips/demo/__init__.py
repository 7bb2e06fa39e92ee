"""A made-up session for a first look: drawn and sounded by program, then uploaded like any camera file."""

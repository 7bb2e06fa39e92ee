"""Settings that admins change while the site runs: which there are, their values, and the page."""

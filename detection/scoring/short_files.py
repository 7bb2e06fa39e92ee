"""Says which files are short; apart from what needs numpy, for programs that never analyse."""

#: A file that is no longer is a clip that somebody made of one trick, as phones have them.
SHORT_S = 12.0

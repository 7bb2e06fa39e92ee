"""Backs up everything small and irreplaceable into one folder, consistently while the site runs.

The camera files and the archive are large and only ever grow: any tool that copies folders backs them up, and the
backup lists the archive's files. Its contents are listed in ``trickyclip.backup.write``.
"""

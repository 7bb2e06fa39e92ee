"""Backups: what is small and cannot be made again, in one folder, consistent while the site runs.

The camera files and the archive are large and only ever grow: any tool that copies folders keeps them, and the backup
says which of the archive's files there must be. What is in one is named in ``trickyclip.backup.write``.
"""

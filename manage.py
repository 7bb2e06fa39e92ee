#!/usr/bin/env python
"""TrickyClip's command line: ``manage.py up`` starts everything, ``manage.py help`` lists the rest."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trickyclip.settings")
    from django.core.management import execute_from_command_line

    from trickyclip.runtime.embedded import DataFolderError

    try:
        execute_from_command_line(sys.argv)
    except DataFolderError as error:  # whatever reads a secret looks for it there
        sys.exit(str(error))


if __name__ == "__main__":
    main()

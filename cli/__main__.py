"""`python -m cli` is `tidegate`, where no command has been installed."""

from cli.main import main

main()

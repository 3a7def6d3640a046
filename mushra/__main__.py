"""`python -m mushra`."""

from mushra.cli import main

if __name__ == "__main__":
    main()

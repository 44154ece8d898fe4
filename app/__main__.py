"""`python -m app`, and the console script `needlework`."""

from app.cli import main

if __name__ == "__main__":
    main()

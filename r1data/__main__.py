"""`python -m r1data`."""

from r1data.cli import main

if __name__ == "__main__":
    main()

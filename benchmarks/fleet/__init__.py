"""How the program does with thousands of accounts: `make bench-fleet`."""

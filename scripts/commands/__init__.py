"""The subcommands of `portico`, one module each."""

"""Documentation that comes from the code: blocks of Markdown that `make docs` writes and `make check` compares."""

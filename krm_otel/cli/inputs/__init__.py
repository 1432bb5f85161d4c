"""What the PATHs of a command contain: files, folders of files, folders of packages, or standard input."""

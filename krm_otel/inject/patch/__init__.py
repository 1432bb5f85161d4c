"""Puts edits into the text of an object and takes them out again, byte for byte."""

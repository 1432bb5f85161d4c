"""How that gets into the text of an object and out again, byte for byte."""

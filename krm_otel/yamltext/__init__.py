"""YAML as text with structure: nodes with spans, and edits that change nothing else.

`parse` reads text into nodes, `query` looks things up in them, `editor` turns changes of nodes into splices of the
text, `emit` writes plain data, `scan` finds the documents and items of a whole text. Only `libyaml` imports `yaml`.
"""

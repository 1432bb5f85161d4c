"""YAML as text with structure: nodes that know their place, edits that touch nothing else.

`source` reads text into nodes with spans, `edit` turns changes of nodes into splices of the text,
`emit` writes plain data. No other package of krm-otel imports `yaml`.
"""

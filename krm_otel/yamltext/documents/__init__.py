"""A whole text: its documents and list items as spans, by events of libyaml or by lines, and what cannot be read."""

"""Layers → settings, one module per subject, and the rules between fields."""

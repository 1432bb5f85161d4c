"""Layers to settings, a module a subject, and the rules between fields."""

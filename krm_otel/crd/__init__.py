"""Schemas: the CustomResourceDefinition of ClassRuntime for servers, and JSON Schemas for editors."""

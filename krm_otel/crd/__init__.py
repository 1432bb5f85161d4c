"""The CustomResourceDefinition of ClassRuntime: upstream's released fields, `spec.observability` from our models."""

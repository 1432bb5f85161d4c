"""What users may write, as pydantic models: one module per subject."""

"""What users may write, as models: one module per subject."""

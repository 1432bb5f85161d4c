"""Which objects and variables configure the input, and how one value is found in them."""

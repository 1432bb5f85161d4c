"""Configuration: what users may write, how it is read, and the settings that result for each class."""

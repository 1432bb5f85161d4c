"""Faults as data: rules, results, and the words in which they name a field or propose a spelling."""

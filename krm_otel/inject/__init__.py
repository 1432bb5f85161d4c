"""What to inject into workloads (`sdk`), and how it gets into the text of an object and out again (`patch`)."""

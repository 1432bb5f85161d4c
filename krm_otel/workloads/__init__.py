"""Objects that create pods: their kinds, the class that each belongs to, and the containers to instrument."""

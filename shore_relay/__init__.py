"""The shore side: the operator's relay and the NGO's desk, which never import each other."""

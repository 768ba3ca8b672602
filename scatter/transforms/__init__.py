"""scikit-learn estimators, one a domain, each also callable on arrays of any library."""

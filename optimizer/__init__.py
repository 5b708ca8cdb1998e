"""Learning the values after `~`: policy, estimators, search, acceptance, rewrite."""

"""Orders (稽查工单): work given to a unit, from dispatch to the archive."""

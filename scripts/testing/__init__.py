"""What scripts/test is made of: the table of suites, the stages they are built from, the counting."""

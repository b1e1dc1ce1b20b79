"""Kills parts of a running pipeline at random, and proves that nothing was lost and nothing doubled."""

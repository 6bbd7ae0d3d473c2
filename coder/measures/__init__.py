"""Figures with their intervals: agreement of two code lists, shares, paired differences."""

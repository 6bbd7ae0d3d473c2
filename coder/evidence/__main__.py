"""`python -m coder.evidence` rewrites the lookup files after an index or `normal` changed."""

from coder.evidence.terms import SCHEMES, write_entries
from coder.resources import shipped

if __name__ == "__main__":
    for name in SCHEMES:
        write_entries(name, shipped("training_data", "evidence"))

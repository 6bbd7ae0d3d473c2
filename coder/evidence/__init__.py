"""What the text says by rule: index lookup, diagnosis codes, side of body, named occupation."""

from coder.evidence.activity import named_activity
from coder.evidence.injury import diagnosis_codes, several_injured, side_of_body
from coder.evidence.lookup import IndexLookup, Match
from coder.evidence.occupation import Cue, Named, named_occupation, occupation_evidence
from coder.evidence.prepare import is_title, prepare_records
from coder.evidence.split import SplitText, split_text
from coder.evidence.vague import Vague, vagueness

__all__ = [
    "Cue",
    "IndexLookup",
    "Match",
    "Named",
    "SplitText",
    "Vague",
    "diagnosis_codes",
    "is_title",
    "named_activity",
    "named_occupation",
    "occupation_evidence",
    "prepare_records",
    "several_injured",
    "side_of_body",
    "split_text",
    "vagueness",
]

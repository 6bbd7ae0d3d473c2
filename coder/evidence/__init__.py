"""What the text says by rule: index lookup, diagnosis codes, named occupation.

The facts of cases (`coder.evidence.cases`) are for those who ask for them: their many patterns
would cost each cold start a tenth.
"""

from coder.evidence.activity import named_activity
from coder.evidence.injury import diagnosis_codes, several_injured, side_of_body
from coder.evidence.lookup import IndexLookup, Match
from coder.evidence.occupation import Cue, Named, named_occupation, occupation_evidence
from coder.evidence.prepare import is_title, prepare_records
from coder.evidence.said import Said, employment, said_in_text
from coder.evidence.size import size_class
from coder.evidence.split import SplitText, split_text
from coder.evidence.vague import Vague, vagueness

__all__ = [
    "Cue",
    "IndexLookup",
    "Match",
    "Named",
    "Said",
    "SplitText",
    "Vague",
    "diagnosis_codes",
    "employment",
    "is_title",
    "named_activity",
    "named_occupation",
    "occupation_evidence",
    "prepare_records",
    "said_in_text",
    "several_injured",
    "side_of_body",
    "size_class",
    "split_text",
    "vagueness",
]

"""What comes in: fields and their roles, cleaning, abbreviations, redaction."""

from coder.text.abbreviations import body_words, expand, expansions
from coder.text.clean import clean, fold
from coder.text.fields import FieldMap, Role, main_role, may_hold_text, resolve_fields, role_of
from coder.text.normal import Domain, normal
from coder.text.nothing import nothing_to_say
from coder.text.prepare import Prepared, domain_of, prepare
from coder.text.redact import redact
from coder.text.titles import strip_noise, undo_inversion

__all__ = [
    "Domain",
    "FieldMap",
    "Prepared",
    "Role",
    "body_words",
    "clean",
    "domain_of",
    "expand",
    "expansions",
    "fold",
    "main_role",
    "may_hold_text",
    "normal",
    "nothing_to_say",
    "prepare",
    "redact",
    "resolve_fields",
    "role_of",
    "strip_noise",
    "undo_inversion",
]

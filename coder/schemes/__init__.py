"""What may be assigned: schemes, the index of official terms, and crosswalks between codes."""

from coder.schemes.crosswalk import Crosswalk, Link, list_crosswalks, load_crosswalk
from coder.schemes.index import IndexTerm, load_index
from coder.schemes.revision import Revision, is_revision_folder, read_revision, shipped_revision
from coder.schemes.scheme import Code, Scheme
from coder.schemes.shipped import list_schemes, load_scheme

__all__ = [
    "Code",
    "Crosswalk",
    "IndexTerm",
    "Link",
    "Revision",
    "Scheme",
    "is_revision_folder",
    "list_crosswalks",
    "list_schemes",
    "load_crosswalk",
    "load_index",
    "load_scheme",
    "read_revision",
    "shipped_revision",
]

"""The tables that evaluation writes: every column, what it holds, and an example.

`docs/evaluation.md` prints this and a test compares it with what is written.
"""

from __future__ import annotations

from collections.abc import Mapping

_LEVEL = "level of the scheme, or `own`: each code at the level it was given at"
_READING = "`all` (best suggestion of every record) or `automatic` (kept without a person)"
_SHARE = "share, 0..1"
_LOW = "lower end of the 95 % interval"
_HIGH = "upper end of the 95 % interval"
_N = "records behind the figure"
_SYSTEM = "prediction file, or `second coder`"
_SCHEME = "scheme name"

Column = tuple[str, str]  # meaning, example

_HEAD: Mapping[str, Column] = {"scheme": (_SCHEME, "isco-08"), "system": (_SYSTEM, "coded")}
_BETWEEN: Mapping[str, Column] = {"low": (_LOW, "0.71"), "high": (_HIGH, "0.75")}
_READ: Mapping[str, Column] = {"reading": (_READING, "all"), "level": (_LEVEL, "4")}
_AT: Mapping[str, Column] = {"level": ("level of the scheme", "2")}

TABLES: Mapping[str, Mapping[str, Column]] = {
    "levels": {
        **_HEAD,
        **_READ,
        "metric": ("measure, by its name below", "accuracy"),
        "value": ("its value", "0.7312"),
        **_BETWEEN,
        "n": (_N, "4000"),
        "n_effective": ("effective number of records under unequal weights", "3120.5"),
        "note": ("what the reader must know, else empty", ""),
    },
    "codes": {
        **_HEAD,
        **_READ,
        "code": ("code", "7212"),
        "title": ("official title", "Welders and Flamecutters"),
        "gold_n": ("records whose truth it is", "24"),
        "predicted_n": ("records that were given it", "28"),
        "right_n": ("both", "22"),
        "gold_share": ("its weighted share of the truth", "0.006"),
        "recall": ("of its true records, the share given it; empty without any", "0.9167"),
        "recall_low": (_LOW, "0.742"),
        "recall_high": (_HIGH, "0.977"),
        "precision": ("of those given it, the share that is true; empty without any", "0.7857"),
        "precision_low": (_LOW, "0.605"),
        "precision_high": (_HIGH, "0.898"),
        "f1": ("harmonic mean of both", "0.846"),
        "never_predicted": ("no record of this reading was given it", "False"),
        "in_training": ("it has training rows; empty without --training", "True"),
        "confused_with": ("codes most often given instead, with titles and records", "7213 … (2)"),
    },
    "missing": {
        **_HEAD,
        **_AT,
        "reason": ("`never predicted` or `not in training`", "never predicted"),
        "code": ("code in the gold", "2269"),
        "title": ("official title", "Health Professionals Not Elsewhere Classified"),
        "gold_n": ("records whose truth it is", "5"),
    },
    "confusions": {
        **_HEAD,
        **_AT,
        "gold": ("true code", "26"),
        "gold_title": ("its title", "Legal, Social and Cultural Professionals"),
        "predicted": ("code given; empty for no answer", "21"),
        "predicted_title": ("its title", "Science and Engineering Professionals"),
        "n": ("records", "9"),
        "weight": ("their weight", "9.0"),
        "share_of_gold": ("share of the true code's weight", "0.035"),
    },
    "sets": {
        **_HEAD,
        **_AT,
        "gold": ("`one` or `many` acceptable codes", "many"),
        "predicted": ("`one` or `many` codes given", "one"),
        "n": (_N, "120"),
        "first": ("share whose first code given is acceptable", "0.81"),
        "any": ("share with any acceptable code given", "0.88"),
        "equal": ("share where both sets are equal", "0.40"),
        "jaccard": ("mean of common codes over all codes of both", "0.62"),
    },
    "reliability": {
        **_HEAD,
        **_READ,
        "bin": ("bin of equal mass, from the lowest confidence", "15"),
        "n": (_N, "266"),
        "confidence_from": ("lowest confidence in it", "0.97"),
        "confidence_to": ("highest confidence in it", "0.999"),
        "confidence": ("mean confidence", "0.986"),
        "accuracy": ("share that is right", "0.996"),
        **_BETWEEN,
    },
    "automation": {
        **_HEAD,
        **_READ,
        "kind": ("`curve`, `reached` (largest share at a wanted accuracy) or `policy`", "curve"),
        "wanted": ("the wanted accuracy of `reached`", "0.9"),
        "threshold": ("lowest confidence kept", "0.783"),
        "share": ("share of records kept", "0.618"),
        "accuracy": ("share of the kept that is right", "0.904"),
        **_BETWEEN,
        "n": ("records kept", "2403"),
    },
    "groups": {
        **_HEAD,
        "grouping": ("what the records are grouped by", "words in the text"),
        "group": ("the group", "3 to 5"),
        "n": ("records in it", "965"),
        "share_automatic": ("share kept without a person", "0.96"),
        "accuracy_automatic": ("accuracy of the automatic part, own level", "0.83"),
        "low_automatic": (_LOW, "0.80"),
        "high_automatic": (_HIGH, "0.85"),
        "n_automatic": ("automatic records that the gold can judge", "929"),
        "accuracy_all": ("accuracy of the best suggestion at the finest level", "0.81"),
        "low_all": (_LOW, "0.78"),
        "high_all": (_HIGH, "0.83"),
        "n_all": ("records with gold at that level", "965"),
    },
    "distribution": {
        **_HEAD,
        **_AT,
        "variant": ("way of coding, see below", "mixed"),
        "code": ("code", "2"),
        "title": ("official title", "Professionals"),
        "human_share": ("its share under human coding", "0.271"),
        "share": ("its share under this coding", "0.283"),
        "difference": ("share minus human share", "0.012"),
        **_BETWEEN,
        "different": ("the interval leaves out 0", "True"),
    },
    "dissimilarity": {
        **_HEAD,
        **_AT,
        "variant": ("way of coding", "mixed"),
        "value": ("index of dissimilarity from human coding, 0..1", "0.022"),
        **_BETWEEN,
        "n": (_N, "4000"),
    },
    "comparison": {
        "scheme": (_SCHEME, "isco-08"),
        "first": ("system compared with", "a"),
        "second": ("system", "b"),
        **_AT,
        "metric": ("`accuracy` or `macro_f1_truth`", "accuracy"),
        "value_first": ("value of the first", "0.71"),
        "value_second": ("value of the second", "0.74"),
        "difference": ("second minus first, paired", "0.03"),
        **_BETWEEN,
        "n": (_N, "4000"),
        "n_effective": ("effective number of records", "4000.0"),
        "only_first_right": ("records that only the first has right", "110"),
        "only_second_right": ("records that only the second has right", "230"),
        "p_mcnemar": ("p-value of the exact McNemar test", "0.0001"),
    },
}
SAME_COLUMNS = {"matrix": "confusions"}  # `matrix` holds agreement too, for levels 1 and 2


def markdown() -> str:
    """The tables as the documentation prints them."""
    parts = []
    for name, columns in TABLES.items():
        lines = [f"#### `{name}.csv`", "", "| column | meaning | example |", "|---|---|---|"]
        lines += [f"| `{c}` | {meaning} | {sample} |" for c, (meaning, sample) in columns.items()]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def measures_markdown() -> str:
    """The measures with the first paragraph of the docstring that specifies each."""
    from inspect import getdoc

    from coder.evaluate.page import GLOSSARY

    lines = ["| measure | definition |", "|---|---|"]
    for name, function in GLOSSARY.items():
        lines.append(f"| {name} | {' '.join((getdoc(function) or '').split())} |")
    return "\n".join(lines).replace("|a - b|", "abs(a - b)") + "\n"

"""The structure of a table's SDMX-CSV as SDMX-ML 3.0: code lists, concepts, definition, dataflow.

Every file stands alone: it refers to nothing that it does not hold itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from coder.statistics.cases import ACCIDENTS
from coder.statistics.figures import MEASURES
from coder.statistics.sdmx import AGENCY, ATTRIBUTES, VALUE, VERSION, Layout, capitals, layout_of
from coder.statistics.titles import spoken

if TYPE_CHECKING:
    from coder.statistics.run import Table

_BASE: Final = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/"
_SPACES: Final = {"mes": _BASE + "message", "str": _BASE + "structure", "com": _BASE + "common"}
_URN: Final = "urn:sdmx:org.sdmx.infomodel."
_LISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "FREQ": {"A": "Annual", "Q": "Quarterly", "M": "Monthly"},
    "ACCIDENT": {capitals(name): name for name in ACCIDENTS},
    "OUTCOME": {capitals(m.outcome): m.outcome for m in MEASURES},
    "MEASURE": {capitals(m.name): m.name.replace("_", " ") for m in MEASURES},
    "OBS_STATUS": {
        "A": "Normal value",
        "E": "Estimated value",
        "M": "Missing value; data cannot exist",
        "Q": "Missing value; suppressed",
    },
    "CONF_STATUS": {"C": "Confidential statistical information", "F": "Free"},
    "UNIT_MEASURE": {capitals(m.unit): m.unit for m in MEASURES},
    "REVISION": {"NEW": "New", "REVISED": "Revised", "SAME": "Not revised"},
}
_NAMES: Final = {
    "FREQ": "Frequency", "REF_AREA": "Reference area", "ACCIDENT": "Kind of accident",
    "OUTCOME": "Outcome of the injury", "MEASURE": "Measure", "TIME_PERIOD": "Reference period",
    VALUE: "Value", "OBS_STATUS": "Observation status", "CONF_STATUS": "Confidentiality",
    "UNIT_MEASURE": "Unit of measure", "UNIT_MULT": "Unit multiplier", "DECIMALS": "Decimals",
    "SE_SAMPLING": "Standard error, sampling", "SE_CODING": "Standard error, coding",
    "SE": "Standard error", "LOWER_BOUND": "Lower end of the 95 % interval",
    "UPPER_BOUND": "Upper end of the 95 % interval", "REVISION": "Revision of earlier figures",
    "PREVIOUS_VALUE": "Value before the revision",
}  # fmt: skip
_FORMATS: Final = {
    "TIME_PERIOD": "ObservationalTimePeriod", "UNIT_MULT": "Integer", "DECIMALS": "Integer",
}  # fmt: skip
_MANDATORY: Final = frozenset(("OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "UNIT_MULT"))


def structure_xml(table: Table, titles: Mapping[str, Mapping[str, str]], area: str) -> str:
    """The SDMX-ML 3.0 structure message of a table, as `sdmx_rows` fills it.

    Source: SDMX Technical Working Group, SDMX-ML 3.0 schemas (SDMXStructure.xsd).
    """
    for prefix, space in _SPACES.items():
        ET.register_namespace(prefix, space)
    layout = layout_of(table, titles)
    lists = {**_LISTS, "REF_AREA": {area: area}}
    names = dict(_NAMES)
    for dimension, own in layout.component.items():
        codes = layout.codes[dimension]
        lists[own] = {code: titles[dimension].get(text, text) for text, code in codes.items()}
        names[own] = spoken(dimension).capitalize()
    used = [*layout.dimensions, VALUE, *ATTRIBUTES]
    root = ET.Element(f"{{{_SPACES['mes']}}}Structure")
    _header(root)
    top = _child(root, "mes:Structures")
    place = _child(top, "str:Codelists")
    for name in filter(lists.__contains__, used):
        _items(_artefact(place, "Codelist", f"CL_{name}", names[name]), "Code", lists[name])
    concepts = _artefact(
        _child(top, "str:ConceptSchemes"), "ConceptScheme", f"CS_{layout.name}", table.name
    )
    _items(concepts, "Concept", {name: names[name] for name in used})
    flow = _artefact(_child(top, "str:Dataflows"), "Dataflow", f"DF_{layout.name}", table.name)
    _refer(flow, "str:Structure", "datastructure.DataStructure", f"DSD_{layout.name}")
    definition = _artefact(
        _child(top, "str:DataStructures"), "DataStructure", f"DSD_{layout.name}", table.name
    )
    _components(_child(definition, "str:DataStructureComponents"), layout, lists)
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text.decode() + "\n"


def _child(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    prefix, _, local = name.partition(":")
    return ET.SubElement(parent, f"{{{_SPACES[prefix]}}}{local}", attributes)


def _refer(parent: ET.Element, name: str, kind: str, target: str, item: str = "") -> None:
    _child(parent, name).text = f"{_URN}{kind}={AGENCY}:{target}({VERSION}){item}"


def _named(element: ET.Element, name: str) -> ET.Element:
    label = _child(element, "com:Name")
    label.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    label.text = "".join(sign for sign in name if sign.isprintable())
    return element


def _artefact(parent: ET.Element, kind: str, name: str, title: str) -> ET.Element:
    found = _child(parent, f"str:{kind}", id=name, agencyID=AGENCY, version=VERSION)
    return _named(found, title)


def _header(root: ET.Element) -> None:
    header = _child(root, "mes:Header")
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    for name, text in (("ID", f"{AGENCY}_STRUCTURE"), ("Test", "false"), ("Prepared", now)):
        _child(header, f"mes:{name}").text = text
    _child(header, "mes:Sender", id=AGENCY)


def _items(scheme: ET.Element, kind: str, items: Mapping[str, str]) -> None:
    for own, label in items.items():
        _named(_child(scheme, f"str:{kind}", id=own), label)


def _components(place: ET.Element, layout: Layout, lists: Mapping[str, Mapping[str, str]]) -> None:
    """Dimensions, attributes and the one measure."""
    dimensions = _child(place, "str:DimensionList", id="DimensionDescriptor")
    attributes = _child(place, "str:AttributeList", id="AttributeDescriptor")
    measures = _child(place, "str:MeasureList", id="MeasureDescriptor")

    def component(parent: ET.Element, kind: str, name: str, **more: str) -> ET.Element:
        found = _child(parent, f"str:{kind}", id=name, **more)
        scheme = f"CS_{layout.name}"
        _refer(found, "str:ConceptIdentity", "conceptscheme.Concept", scheme, f".{name}")
        form = _child(found, "str:LocalRepresentation")
        if name in lists:
            _refer(form, "str:Enumeration", "codelist.Codelist", f"CL_{name}")
        else:
            _child(form, "str:TextFormat", textType=_FORMATS.get(name, "Double"))
        return found

    for name in layout.dimensions:
        component(dimensions, "TimeDimension" if name == "TIME_PERIOD" else "Dimension", name)
    for name in ATTRIBUTES:
        usage = "mandatory" if name in _MANDATORY else "optional"
        own = component(attributes, "Attribute", name, usage=usage)
        _child(_child(own, "str:AttributeRelationship"), "str:Observation")
    component(measures, "Measure", VALUE)

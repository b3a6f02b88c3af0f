"""What other programs read, judged by other programs: feeds by feedparser and by the rules of their
standards, oEmbed by a schema of its specification, the facts for search engines by rdflib's JSON-LD
processor and its copy of schema.org's vocabulary.
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import jsonschema
import pytest
from feedparser.api import parse
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, SDO

from gallery.feeds import atom, rss
from gallery.oembed import oembed
from gallery.schema_org import SOURCE_TYPE, video_object
from tests.gallery.said import BEA, CID, said
from tests.gallery.test_feeds import ADDRESS, ATOM, DC, MEDIA, NASTY, clip, feed

PLAIN = clip("plain", public_sha256="0" * 64)
RICH = clip(
    "rich",
    public_sha256="1" * 64,
    **{**said("cc-by", title=NASTY, credits=[BEA, CID]), "credit": "Ana & María"},
)
BARE = clip("bare", public_sha256="2" * 64, prompt="", **said("cc0", shares_prompt=False))
CLIPS = (PLAIN, RICH, BARE)
SIZES = {each["id"]: 1234 for each in CLIPS}
VOCABULARY = "https://schema.org/"
NEWER_THAN_RDFLIB = {f"{VOCABULARY}digitalSourceType"}
"""Terms of schema.org 29 that rdflib's copy of the vocabulary, which is older, does not have."""


def parsed(body: bytes) -> Any:
    found = parse(body)
    assert not found.bozo, found.get("bozo_exception")
    return found


# ---- feeds --------------------------------------------------------------------------------


def test_rss_parses_with_every_clip() -> None:
    found = parsed(rss(CLIPS, ADDRESS, sizes=SIZES))
    assert found.version == "rss20"
    assert [entry.link for entry in found.entries] == [
        f"{ADDRESS}/clip/{each['id']}" for each in CLIPS
    ]


def test_atom_parses_with_every_clip() -> None:
    found = parsed(atom(CLIPS, ADDRESS, sizes=SIZES))
    assert found.version == "atom10"
    assert [entry.id for entry in found.entries] == [
        f"{ADDRESS}/clip/{each['id']}" for each in CLIPS
    ]


def test_readers_of_rss_see_credit_and_licence() -> None:
    entry = parsed(rss([RICH], ADDRESS, sizes=SIZES)).entries[0]
    assert entry.author == "Ana & María"
    assert [each["content"] for each in entry.media_credit] == ["Ana & María", "Bea", CID["name"]]
    assert entry.media_license["href"] == "https://creativecommons.org/licenses/by/4.0/"
    assert "CC BY 4.0" in entry.rights


def test_readers_of_atom_see_credit_and_licence() -> None:
    entry = parsed(atom([RICH], ADDRESS, sizes=SIZES)).entries[0]
    assert entry.author_detail == {"name": "Ana & María", "href": f"{ADDRESS}/creator/ana"}
    assert [each["name"] for each in entry.contributors] == ["Bea", CID["name"]]
    assert "CC BY 4.0" in entry.rights
    licences = [link.href for link in entry.links if link.rel == "license"]
    assert licences == ["https://creativecommons.org/licenses/by/4.0/"]


@pytest.mark.parametrize("each", CLIPS, ids=lambda each: str(each["id"]))
def test_rss_keeps_the_rules_of_rss_2_0(each: dict[str, Any]) -> None:
    channel = feed(rss, each).find("channel")
    assert channel is not None
    for required in ("title", "link", "description"):
        assert channel.findtext(required)
    item = channel.find("item")
    assert item is not None
    assert item.findtext("title") or item.findtext("description")
    assert urlsplit(item.findtext("guid") or "").scheme == "https"  # isPermaLink, as it is not said
    assert parsedate_to_datetime(item.findtext("pubDate") or "").tzinfo is not None
    enclosure = item.find("enclosure")
    assert enclosure is not None
    assert set(enclosure.attrib) == {"url", "length", "type"}
    once = [child.tag for child in item if child.tag != f"{DC}contributor"]
    assert len(once) == len(set(once))  # no element of RSS itself stands twice


@pytest.mark.parametrize("each", CLIPS, ids=lambda each: str(each["id"]))
def test_media_rss_keeps_its_rules(each: dict[str, Any]) -> None:
    content = feed(rss, each).find(f"channel/item/{MEDIA}content")
    assert content is not None
    assert content.get("medium") == "video"
    for name in ("title", "thumbnail", "player", "copyright"):
        assert len(content.findall(f"{MEDIA}{name}")) == 1
    assert all(credit.text for credit in content.findall(f"{MEDIA}credit"))
    licence = content.find(f"{MEDIA}license")
    assert (licence is None) == (each["licence"]["url"] is None)
    assert licence is None or (licence.get("type"), licence.get("href")) == (
        "text/html",
        each["licence"]["url"],
    )


@pytest.mark.parametrize("each", CLIPS, ids=lambda each: str(each["id"]))
def test_atom_keeps_the_rules_of_rfc_4287(each: dict[str, Any]) -> None:
    root = feed(atom, each)
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
    for parent in (root, root.find(f"{ATOM}entry")):
        assert parent is not None
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{name}")) == 1
        assert moment.fullmatch(parent.findtext(f"{ATOM}updated") or "")
        assert urlsplit(parent.findtext(f"{ATOM}id") or "").scheme == "https"
        kinds = [
            (link.get("rel"), link.get("type"), link.get("hreflang"))
            for link in parent.findall(f"{ATOM}link")
        ]
        assert len(kinds) == len(set(kinds))
        assert len(parent.findall(f"{ATOM}rights")) <= 1
    for person in (*root.iter(f"{ATOM}author"), *root.iter(f"{ATOM}contributor")):
        assert len(person.findall(f"{ATOM}name")) == 1
        assert person.findtext(f"{ATOM}name")
    assert root.find(f"{ATOM}entry/{ATOM}author") is not None


# ---- oEmbed -------------------------------------------------------------------------------

OEMBED_VIDEO = {
    "type": "object",
    "required": ["type", "version", "html", "width", "height"],
    "properties": {
        "type": {"const": "video"},
        "version": {"const": "1.0"},
        "title": {"type": "string", "minLength": 1},
        "author_name": {"type": "string", "minLength": 1},
        "author_url": {"type": "string", "pattern": "^https://[^ ]+$"},
        "provider_name": {"type": "string"},
        "provider_url": {"type": "string", "pattern": "^https://[^ ]+$"},
        "cache_age": {"type": "integer", "minimum": 0},
        "thumbnail_url": {"type": "string", "pattern": "^https://[^ ]+$"},
        "thumbnail_width": {"type": "integer", "minimum": 1},
        "thumbnail_height": {"type": "integer", "minimum": 1},
        "html": {"type": "string", "minLength": 1},
        "width": {"type": "integer", "minimum": 1},
        "height": {"type": "integer", "minimum": 1},
    },
    # A thumbnail's address and its sizes come together or not at all.
    "dependentRequired": {
        "thumbnail_url": ["thumbnail_width", "thumbnail_height"],
        "thumbnail_width": ["thumbnail_url"],
        "thumbnail_height": ["thumbnail_url"],
    },
}
"""What https://oembed.com asks of a response of the type video."""


@pytest.mark.parametrize("each", CLIPS, ids=lambda each: str(each["id"]))
def test_an_oembed_answer_keeps_the_specification(each: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(OEMBED_VIDEO)
    assert list(validator.iter_errors(oembed(each, ADDRESS))) == []


def test_an_oembed_answer_says_who_made_it_and_under_which_licence() -> None:
    answer = oembed(RICH, ADDRESS)
    assert answer["title"] == NASTY
    assert answer["author_name"] == f"Ana & María, with Bea (music), {CID['name']}"
    assert answer["author_url"] == f"{ADDRESS}/creator/ana"
    assert answer["license_url"] == "https://creativecommons.org/licenses/by/4.0/"


# ---- the facts for search engines -----------------------------------------------------------

# rdflib's own reader of JSON-LD still uses a class that rdflib means to drop.
quietly = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")


def graph(each: dict[str, Any]) -> Graph:
    """The facts as a JSON-LD processor reads them. schema.org's context is not fetched: its part
    that matters here, that a plain name is a term of the vocabulary, stands in its place."""
    facts = video_object(each, "en", address=ADDRESS)
    assert facts["@context"] == "https://schema.org"
    local = {"@vocab": VOCABULARY, "license": {"@type": "@id"}}
    return Graph().parse(data=json.dumps({**facts, "@context": local}), format="json-ld")


@quietly
@pytest.mark.parametrize("each", CLIPS, ids=lambda each: str(each["id"]))
def test_every_term_is_one_of_schema_org(each: dict[str, Any]) -> None:
    read = graph(each)
    terms = {str(term) for term in read.predicates() if term != RDF.type}
    terms |= {str(kind) for kind in read.objects(predicate=RDF.type)}
    known = {term for term in terms if term.removeprefix(VOCABULARY) in SDO}
    assert terms - known == NEWER_THAN_RDFLIB


@quietly
def test_the_facts_name_creator_contributors_and_licence() -> None:
    read = graph(RICH)
    video = URIRef(f"{ADDRESS}/clip/rich")
    assert (video, RDF.type, SDO.VideoObject) in read
    assert read.value(video, SDO.license) == URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert read.value(read.value(video, SDO.creator), SDO.name) == Literal("Ana & María")
    roles = {str(read.value(other, SDO.roleName)) for other in read.objects(video, SDO.contributor)}
    assert roles == {"music", "None"}
    assert str(read.value(video, URIRef(f"{VOCABULARY}digitalSourceType"))) == SOURCE_TYPE


def test_the_facts_have_what_search_engines_ask_of_a_video_and_of_a_licence() -> None:
    schema = {
        "required": [
            *("name", "thumbnailUrl", "uploadDate", "contentUrl", "embedUrl", "duration"),
            *("creator", "creditText", "copyrightNotice", "license"),
        ],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "uploadDate": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT.*Z$"},
            "duration": {"type": "string", "pattern": r"^PT[\d.]+S$"},
            "license": {"type": "string", "pattern": "^https://"},
        },
    }
    facts = video_object(RICH, "en", address=ADDRESS)
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(facts)) == []


def test_all_rights_reserved_is_no_licence_in_the_facts() -> None:
    assert "license" not in video_object(PLAIN, "en", address=ADDRESS)


def test_feeds_are_xml_whatever_people_call_themselves() -> None:
    for write in (rss, atom):
        ElementTree.fromstring(write([RICH], ADDRESS, sizes=SIZES))  # noqa: S314  (our own words)

"""Programmes as tests make them, by the acts of a curator.

Knows nothing of what is tested.
"""

from __future__ import annotations

from typing import Any

from curating import Curating
from gallery.programmes.keeping import Content, Entry
from tests.conftest import House

Json = dict[str, Any]


def content(*ids: str, title: str = "Night", words: str = "") -> Content:
    entries = tuple(Entry(each, words) for each in ids)
    return Content(title, "Ten minutes of night.", "Lea L.", entries)


def draft(house: House, *ids: str, title: str = "Night", words: str = "", by: str = "lea") -> Json:
    return Curating(house.store).make(house.user(by), content(*ids, title=title, words=words))


def opened(house: House, *ids: str, title: str = "Night", words: str = "") -> Json:
    made = draft(house, *ids, title=title, words=words)
    acts = Curating(house.store)
    return acts.open_up(house.user("lea"), made["slug"], version=made["version"])

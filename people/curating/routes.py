"""Addresses of the pages of one kind of names."""

from functools import partial

from django.urls import URLPattern, path

from people.curating import merges, pages
from people.curating.kind import Kind


def routes_of(kind: Kind) -> list[URLPattern]:
    """Return the routes of riders or tricks: ``riders``, ``rider``, ``rider_rename`` …"""
    route = partial(path, kwargs={"kind": kind})
    base, one = f"manage/{kind.many}", kind.one
    return [
        route(base, pages.listed, name=kind.many),
        route(f"{base}/add", pages.add, name=f"{one}_add"),
        route(f"{base}/merges/<int:pk>/undo", merges.merge_undo, name=f"{one}_merge_undo"),
        route(f"{base}/<uuid:pk>", pages.one, name=one),
        route(f"{base}/<uuid:pk>/rename", pages.rename, name=f"{one}_rename"),
        route(f"{base}/<uuid:pk>/rename-says", pages.rename_says, name=f"{one}_rename_says"),
        route(f"{base}/<uuid:pk>/aliases", pages.alias_add, name=f"{one}_alias_add"),
        route(f"{base}/<uuid:pk>/aliases/<int:alias>/remove", pages.alias_remove, name=f"{one}_alias_remove"),
        route(f"{base}/<uuid:pk>/merge", merges.merge, name=f"{one}_merge"),
    ]

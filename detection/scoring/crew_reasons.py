"""Says what a crew's decisions change about a moment; apart from the rest, because these texts have their German."""

#: Of each signal: where there is little of it, what is said when that counts against a moment and when it counts for
#: it; and the same where there is much.
SAID: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "arc": (
        ("your crew trashes what hardly rises", "your crew keeps what hardly rises"),
        ("your crew trashes what goes up and comes down", "your crew keeps what goes up and comes down"),
    ),
    "incoherence": (
        ("your crew trashes small motion", "your crew keeps small motion"),
        ("your crew trashes wild motion", "your crew keeps wild motion"),
    ),
    "pair_db": (
        ("your crew trashes quiet landings", "your crew keeps quiet landings"),
        ("your crew trashes loud landings", "your crew keeps loud landings"),
    ),
    "together": (
        ("your crew trashes landings without a rise", "your crew keeps landings without a rise"),
        ("your crew trashes rises with a landing", "your crew keeps rises with a landing"),
    ),
    "moving": (
        ("your crew trashes calm pictures", "your crew keeps calm pictures"),
        ("your crew trashes restless pictures", "your crew keeps restless pictures"),
    ),
    "air_s": (
        ("your crew trashes short air", "your crew keeps short air"),
        ("your crew trashes long air", "your crew keeps long air"),
    ),
    "gap": (
        ("your crew trashes sounds close together or far apart", "your crew keeps sounds close together or far apart"),
        ("your crew trashes pops with a landing", "your crew keeps pops with a landing"),
    ),
}

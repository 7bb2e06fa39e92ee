"""Word lists of trick names in three sports (skate, snowboard, ski), with their synonyms.

Each table maps typed words to the form in which they are compared. Nothing here is ever shown to anybody.
"""

#: Stances and directions, as columns of a trick have them.
STANCES = ("SW", "NOLLIE", "FAKIE", "CAB")
DIRECTIONS = ("FS", "BS", "LEFT", "RIGHT")

#: Full and half turns, and quarter turns onto and off rails, in degrees.
SPINS_DEG = frozenset(range(180, 2521, 90))
#: What is said for them: "back 3", "cork ten", "270 on".
SHORT_SPINS_DEG = {
    "1": 180, "2": 270, "3": 360, "4": 450, "5": 540, "6": 630, "7": 720, "8": 810, "9": 900, "10": 1080,
    "12": 1260, "14": 1440, "16": 1620, "18": 1800, "19": 1980, "21": 2160, "22": 2160,
    "one": 180, "two": 270, "three": 360, "four": 450, "five": 540, "six": 630, "seven": 720, "eight": 810,
    "nine": 900, "ten": 1080, "twelve": 1260, "fourteen": 1440, "sixteen": 1620, "eighteen": 1800,
}  # fmt: skip

#: Phrases anywhere in a name. Capitals are stances and directions. Longer phrases count before shorter ones.
PHRASES = {
    # stance
    "switch": "SW", "sw": "SW", "switchstance": "SW", "switch stance": "SW", "nollie": "NOLLIE", "nolly": "NOLLIE",
    "fakie": "FAKIE", "cab": "CAB", "half cab": "CAB 180", "halfcab": "CAB 180", "full cab": "CAB 360",
    "fullcab": "CAB 360", "caballerial": "CAB 360", "swbs": "SW BS", "swfs": "SW FS", "to fakie": "tofakie",
    "to switch": "toswitch", "to regular": "toregular", "switch up": "switchup", "switch ups": "switchup",
    # direction
    "fs": "FS", "frontside": "FS", "front side": "FS", "front": "FS", "bs": "BS", "backside": "BS",
    "back side": "BS", "back": "BS", "left": "LEFT", "left side": "LEFT", "leftside": "LEFT", "right": "RIGHT",
    "right side": "RIGHT", "rightside": "RIGHT",
    # no direction, though it begins like one
    "back flip": "backflip", "front flip": "frontflip", "backside flip": "BS kickflip", "back side flip": "BS kickflip",
    "bs flip": "BS kickflip", "frontside flip": "FS kickflip", "front side flip": "FS kickflip",
    "fs flip": "FS kickflip", "back scratcher": "backscratcher", "back foot": "backfoot", "front foot": "frontfoot",
    "left foot": "leftfoot", "right foot": "rightfoot",
    # numbers in words
    "one eighty": "180", "two seventy": "270", "three sixty": "360", "four fifty": "450", "five forty": "540",
    "six thirty": "630", "seven twenty": "720", "nine hundred": "900", "ten eighty": "1080", "twelve sixty": "1260",
    "fourteen forty": "1440", "sixteen twenty": "1620", "eighteen hundred": "1800", "high five": "highfive",
    "high fives": "highfive",
    "tre flip": "360 kickflip", "treflip": "360 kickflip", "trey flip": "360 kickflip", "tre": "tre",
    "tre shuv": "360 shuvit", "tre shove": "360 shuvit",
    # grinds with numbers in their names
    "50": "fifty", "50 50": "fifty", "5050": "fifty", "fifty fifty": "fifty", "50s": "fifty", "5 0": "fiveo",
    "five o": "fiveo", "5 o": "fiveo", "fiveo": "fiveo", "five oh": "fiveo",
    # flips
    "varial flip": "varialkickflip", "bigspin flip": "bigspinflip", "big spin flip": "bigspinflip",
    "bigflip": "bigspinflip", "big flip": "bigspinflip", "double flip": "doublekickflip",
    "varial heel": "varialheelflip", "inward heel": "inwardheelflip",
    # shove-its
    "shove it": "shuvit", "shuv it": "shuvit", "shov it": "shuvit", "shuv": "shuvit", "shove": "shuvit",
    "shovit": "shuvit", "shoveit": "shuvit",
    # slides and grinds
    "board": "boardslide", "board slide": "boardslide", "lip": "lipslide", "lip slide": "lipslide",
    "nose slide": "noseslide", "tail slide": "tailslide", "blunt slide": "bluntslide", "noseblunt": "nosebluntslide",
    "nose blunt": "nosebluntslide", "noseblunt slide": "nosebluntslide", "nose blunt slide": "nosebluntslide",
    "smith grind": "smith", "smithgrind": "smith", "feeble grind": "feeble", "feeblegrind": "feeble",
    "crook": "crooked", "crooks": "crooked", "crooked grind": "crooked", "k grind": "crooked", "kgrind": "crooked",
    "overcrook": "overcrooked", "overcrooks": "overcrooked", "over crook": "overcrooked", "over crooks": "overcrooked",
    "salad grind": "salad", "willy grind": "willy", "losi grind": "losi", "5 0 grind": "fiveo",
    "50 50 grind": "fifty", "pretz": "pretzel",
    # spins off their axis
    "dub": "double", "dbl": "double", "trip": "triple", "quadruple": "quad", "corked": "cork", "corkscrew": "cork",
    "rodeo flip": "rodeo", "misty flip": "misty", "flat spin": "flatspin", "d spin": "dspin", "mc twist": "mctwist",
    "alley oop": "alleyoop", "alley": "alleyoop",
    # grabs: each is an air, and "grab" behind it says nothing
    "melancholy": "melon", "stale": "stalefish", "stale fish": "stalefish", "nuke": "nuclear", "weddle": "mute",
    "seat belt": "seatbelt", "truck driver": "truckdriver",
    # manuals
    "manny": "manual", "mannie": "manual", "manual pad": "manualpad",
    # rails
    "off": "out",
}  # fmt: skip

#: Phrases that mean this only as the last words of a name.
ENDINGS = {
    "double back": "doublebackflip", "dub back": "doublebackflip", "double front": "doublefrontflip",
    "heel": "heelflip", "nose": "noseslide", "tail": "tailslide", "blunt": "bluntslide", "big": "bigspin",
    "flip": "kickflip", "in": "on",
}  # fmt: skip
#: Of these, what needs more before it than a word of its own: a bare "nose" is no noseslide, "laser flip" no kickflip.
ONLY_AFTER_A_MARKER = frozenset({"heel", "nose", "tail", "blunt", "big", "flip"})

#: Behind these "grab" and "air" say nothing: "mute grab" is a mute, and "method air" a method.
GRABS = frozenset({
    "mute", "indy", "method", "melon", "stalefish", "japan", "safety", "lien", "crail", "nuclear", "slob", "tindy",
    "seatbelt", "rocket", "taipan", "judo", "truckdriver", "cannonball", "roastbeef", "octograb", "benihana",
})  # fmt: skip
#: Behind one of these, too, a short number is a rotation: "cork 7", "pretzel 2"; elsewhere it may count anything.
SPUN = frozenset({
    "cork", "rodeo", "misty", "bio", "flatspin", "dspin", "butter", "pretzel", "underflip", "double", "triple",
    "quad", "boardslide", "lipslide", "noseslide", "tailslide", "bluntslide", "nosebluntslide", "on", "out",
    "alleyoop", "flat", "spin",
})  # fmt: skip
#: Between parts of a trick in their order: "lip 270 on" and "270 lip" differ.
ORDERED = frozenset({"on", "out", "to", "tofakie", "toswitch", "toregular", "into"})
#: Say nothing at all.
EMPTY = frozenset({"and", "n", "a", "the", "regular", "reg"})

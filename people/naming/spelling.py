"""Cleans the spelling of typed or pasted names, and folds spellings that a person reads as the same."""

import re
import unicodedata

#: Characters that nobody sees, by Unicode's Default_Ignorable_Code_Point, with controls, Hangul fillers, private ones,
#: and what marks interlinear notes. Marks of direction (U+202E) are among them: they make a name read as another one.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: Joins or parts letters (ZWNJ, ZWJ), and shows a sign as a picture (VS16): seen only in what comes before and after.
_NON_JOINER, _JOINER, _AS_PICTURE = "\u200c", "\u200d", "\ufe0f"
#: Scripts in which joiners change how a word is read, by the first word of their letters' Unicode names.
_JOINING_SCRIPTS = frozenset({
    "ARABIC", "SYRIAC", "MANDAIC", "NKO", "MONGOLIAN", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA",
    "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "TIBETAN", "MYANMAR", "KHMER", "BALINESE", "JAVANESE",
})  # fmt: skip
_SKIN_TONES = range(0x1F3FB, 0x1F400)
#: A blank cell of Braille looks like a space and is none.
_BLANKS = str.maketrans({"\u2800": " "})
#: Letters that small letters alone do not fold; SQL has no ``casefold`` before PostgreSQL 18.
FOLDED_LETTERS = {"İ": "i", "ß": "ss", "ς": "σ"}  # noqa: RUF001


def clean_name(text: str) -> str:
    """Return a name as it is stored: composed (NFC), single spaces, without invisible characters.

    Joiners stay where they belong to a script or an emoji. The result may be empty. Cleaning it again changes nothing.
    """
    while (cleaned := _cleaned_once(text)) != text:
        text = cleaned
    return cleaned


def name_key(text: str) -> str:
    """Return the key that spellings of one name share: NFKC, lower case, "_" as a space, one style of emoji.

    ``people.naming.fields.NameKey`` computes the same in the database.
    """
    folded = unicodedata.normalize("NFKC", clean_name(text)).replace(_AS_PICTURE, "").replace("_", " ")
    folded = folded.replace("İ", FOLDED_LETTERS["İ"]).lower()
    for letter in "ßς":
        folded = folded.replace(letter, FOLDED_LETTERS[letter])
    folded = unicodedata.normalize("NFKC", folded)  # again: an accent may follow a letter that was folded
    return " ".join(folded.split())


def _cleaned_once(text: str) -> str:
    text = unicodedata.normalize("NFC", text.translate(_BLANKS))
    text = _INVISIBLE.sub(lambda found: found[0] if _is_part_of_its_word(text, found.start()) else "", text)
    return " ".join(unicodedata.normalize("NFC", text).split())


def _is_part_of_its_word(text: str, at: int) -> bool:
    """Return whether an invisible character changes how its neighbours are read."""
    before, after = text[:at], text[at + 1 :]
    match text[at]:
        case "\ufe0f":
            return bool(before) and (_is_picture(before[-1]) or before[-1] in "#*0123456789")
        case "\u200d" if _is_picture(before.rstrip(_AS_PICTURE)[-1:]) and _is_picture(after[:1]):
            return True
        case "\u200c" | "\u200d":
            return _is_joining(_last_letter(before)) and _is_joining(after[:1])
    return False


def _is_picture(character: str) -> bool:
    return bool(character) and (unicodedata.category(character) == "So" or ord(character) in _SKIN_TONES)


def _last_letter(text: str) -> str:
    """Return the last character that is no mark (a vowel sign, a virama) and no joiner."""
    marks = (character for character in reversed(text) if unicodedata.category(character) not in {"Mn", "Mc", "Cf"})
    return next(marks, "")


def _is_joining(letter: str) -> bool:
    return bool(letter) and unicodedata.name(letter, "").partition(" ")[0] in _JOINING_SCRIPTS

"""Names of languages in English, from the CLDR. Pure."""

from babel import Locale, UnknownLocaleError


def english_name(tag: str) -> str:
    """Return what English calls the language of a BCP 47 tag; the tag itself if that is unknown."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name("en")
    except (UnknownLocaleError, ValueError):
        return tag
    return name or tag

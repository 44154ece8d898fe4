"""When a record may be destroyed. Pure."""

from datetime import date


def erasable_on(
    last_contact: date, birth_date: date | None, years: int, majority_years: int
) -> date:
    """The first day on which a patient's record may be erased.

    The years run from the last contact, and for a child from coming of age. Whose birth date
    isn't known may have been a newborn at the last contact.
    """
    of_age = _later(birth_date or last_contact, majority_years)
    return _later(max(last_contact, of_age), years)


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February has an anniversary every four years
        return date(day.year + years, 3, 1)

"""When a record may be erased. Pure."""

from datetime import date


def erasable_on(
    last_contact: date, birth_date: date | None, years: int, majority_years: int
) -> date:
    """The first day on which a patient's record may be erased.

    The years are counted from the last contact; for a child from the age of majority. A patient
    without a birth date may have been a newborn at the last contact, so they count as one.
    """
    of_age = _later(birth_date or last_contact, majority_years)
    return _later(max(last_contact, of_age), years)


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # that year has no 29th of February
        return date(day.year + years, 3, 1)

"""The names of people, as far as they are known. Pure."""


def full_name(given_name: str | None, family_name: str | None) -> str:
    """Return a person's names, or what stands in their place. Many people have only one."""
    return " ".join(filter(None, (given_name, family_name))) or "name unknown"

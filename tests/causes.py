"""Words that would say why a patient changed. No record shows that.

Pain that is worst at the start usually improves without treatment, too. So what people read about a
patient says "changed by" and "held since".
"""

import re

CAUSAL = re.compile(
    r"\brespond(?:s|ed)? to\b|\bresponding\b|\bresponds\b|\bresponse lost\b"
    r"|\bresponders?\b|\bnon-responders?\b"
    r"|\beffective(?:ly|ness)?\b|\befficacy\b|\bworks for (?!some|the)\b|\bworked\b"
    r"|\bsuccess(?:ful|fully|es)?\b"
    r"|\bdue to\b|\bcaused\b|\bcauses\b|\bthanks to\b|\bowing to\b|\bas a result of\b"
    r"|\b(?:reduced|lowered|relieved|improved|changed) by (?:the )?(?:treatment|needl|session)"
    r"|\breduced by\b|\bcur(?:ed|es)\b|\bheal(?:ed|s)\b|\bbenefit(?:s|ed)?\b"
    r"|\bpatients call (?:important|worthwhile)\b|\bp is exact\b(?! up to)|\bexact p\b",
    re.IGNORECASE,
)
CODE = re.compile(r"`[^`]*`|<code>.*?</code>")


def causal_words(text: str) -> list[str]:
    """The words of a text that would say why somebody changed. Codes in it are no words."""
    return [found[0] for found in CAUSAL.finditer(CODE.sub("", text))]

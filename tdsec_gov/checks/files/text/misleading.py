"""Text written for models rather than people: instruction override, role markers, exfiltration links.

Also words that mix alphabets which look alike. Patterns are RE2 (pyarrow), case-insensitive, and each
needs a phrase, not a word: texts that talk *about* prompts are rarely flagged (docs/measured.md).
"""

from __future__ import annotations

import re

_EN = (
    r"(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|the|your|my|of|these|those|every)\s+){0,4}"
    r"(?:previous|prior|above|earlier|preceding|foregoing|original)\s+"
    r"(?:(?:system|user)\s+)?(?:instruction|prompt|rule|direction|guideline|command)s?\b",
    r"(?:ignore|disregard|forget)\s+(?:everything|all(?:\s+instructions)?)\s+"
    r"(?:above|before|previously|you were told)",
    r"(?:ignore|disregard|bypass|override)\s+(?:all\s+)?your\s+"
    r"(?:system\s+prompt|instructions|guidelines|safety|training)",
    r"(?:reveal|print|repeat|output|show|leak|disclose)\s+(?:me\s+)?(?:your|the)\s+"
    r"(?:system|hidden|initial|secret)\s+(?:prompt|instructions?)\b",
    r"you\s+are\s+now\s+(?:dan\b|in\s+developer\s+mode|unrestricted|jailbroken|no\s+longer\s+bound|an?\s+unrestricted)",
    r"\bact\s+as\s+(?:dan\b|an?\s+unrestricted|an?\s+unfiltered)",
    r"developer\s+mode\s+(?:is\s+)?(?:now\s+)?(?:enabled|activated)",
    r"from\s+now\s+on,?\s+you\s+(?:will|must|shall)\s+(?:only|always|never|ignore|obey)",
    r"(?:do\s+not|don't|never)\s+(?:tell|inform|mention\s+(?:this|it)\s+to)\s+the\s+user",
    r"\[?(?:begin|start|end\s+of|new)\s+(?:new\s+)?system\s+(?:prompt|message|instructions?)\]?\s*:",
)
_OTHER = (
    r"(?:ignoriere|ignorieren\s+sie|vergiss|vergessen\s+sie|missachte)\s+(?:(?:bitte|alle|die|deine|ihre|sämtliche)\s+){0,4}"
    r"(?:vorherigen|bisherigen|obigen|früheren|vorigen|vorangegangenen)\s+"
    r"(?:anweisungen|instruktionen|befehle|regeln|vorgaben)",
    r"(?:ignore[zrs]?|oublie[zrs]?)\s+(?:(?:toutes?|tous|les|vos|tes|des)\s+){0,3}"
    r"(?:instructions?|consignes?|règles?|directives?)\s+(?:précédentes?|antérieures?|ci-dessus|initiales?)",
    r"(?:ignor[ae]|olvid[ae]|desestim[ae])\s+(?:(?:todas?|las|tus|sus|los)\s+){0,3}"
    r"(?:instrucciones|órdenes|reglas|indicaciones)\s+(?:anteriores|previas|de\s+arriba)",
    r"(?:ignora|dimentica|ignorate|ignori)\s+(?:(?:tutte|le|tue|sue)\s+){0,3}"
    r"(?:istruzioni|regole|direttive)\s+(?:precedenti|sopra|anteriori)",
    r"(?:ignore|esqueça|desconsidere)\s+(?:(?:todas?|as|suas)\s+){0,3}"
    r"(?:instruções|regras|orientações)\s+(?:anteriores|prévias|acima)",
    r"(?:negeer|vergeet)\s+(?:(?:alle|de|je|uw)\s+){0,3}(?:vorige|eerdere|bovenstaande)\s+(?:instructies|opdrachten|regels)",
    r"(?:zignoruj|ignoruj)\s+(?:wszystkie\s+)?(?:poprzednie|wcześniejsze|powyższe)\s+(?:instrukcje|polecenia)",
    r"(?:игнорируй(?:те)?|забудь(?:те)?)\s+(?:все\s+)?(?:предыдущие|прошлые|вышеуказанные)\s+(?:инструкции|указания|команды)",
    r"(?:忽略|无视|忘记|忽視|無視)(?:所有|以上|之前|先前|上述|前面|一切|你|的){1,5}(?:指令|指示|提示词|规则|命令)",
    r"(?:以前|これまで|上記|前)の(?:すべての|全ての)?(?:指示|命令|プロンプト)(?:を|は)(?:すべて|全て)?(?:無視|忘れ)",
    r"(?:이전|위의|앞의)\s*(?:모든\s*)?(?:지시|명령|지침)(?:사항)?[을를]?\s*(?:모두\s*)?(?:무시|잊)",
)
_MARKERS = (
    r"<\|(?:im_start|im_end|system|start_header_id|eot_id|begin_of_text)\|>",
    r"\[/?INST\]|<</?SYS>>",
)
_EXFILTRATION = (
    r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}[?&][^)\s=]{1,40}=(?:\{|\[|<|%7B|\$)",
    r"(?:send|post|upload|exfiltrate|forward)\s+(?:(?:all|the|your|this|any|user's)\s+){0,3}"
    r"(?:conversation|chat\s+history|passwords?|credentials|api\s+keys?|secrets?|system\s+prompt)"
    r"[^.\n]{0,60}\s(?:to|at)\s+(?:https?://|[\w.-]+@[\w-])",
)
PHRASES = _EN + _OTHER + _MARKERS + _EXFILTRATION
INJECTION = "(?i)(?:" + "|".join(PHRASES) + ")"
_HINT = re.compile(
    r"ignor|disregard|forget|override|bypass|(?:prompt|message|instructions?)\]?\s*:"
    r"|(?:system|hidden|initial|secret)\s+(?:prompt|instruction)|you\s+are\s+now|act\s+as|developer\s+mode"
    r"|from\s+now\s+on|the\s+user|vergiss|vergessen|missachte|oublie|olvid|desestim|dimentica|esqueça"
    r"|desconsidere|negeer|vergeet|игнорируй|забудь|忽略|忽視|无视|忘|無視|무시|잊|<\||\[/?inst\]|<</?sys>>"
    r"|\]\(https?://|conversation|chat\s+history|passwords?|credentials|api\s+keys?|secrets?"
)
"""A part of every phrase, in folded case: quick to look for, and :data:`INJECTION` is not."""
SMALL = 1 << 16
"""So many characters are looked through by :mod:`re`; RE2 is quicker, but compiles with each use."""
_GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧον"
MIXED = rf"[A-Za-z][\p{{Cyrillic}}{_GREEK}]|[\p{{Cyrillic}}{_GREEK}][A-Za-z]"
HIDDEN = (
    "[\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\u180e\ufff9-\ufffb"
    "\U000e0000-\U000e001f\U000e0100-\U000e01ef]"
)
"""Tag letters are left out: flags of regions consist of them, and RE2 cannot tell the two apart."""


def may_instruct(text: str) -> bool:
    """Whether :data:`INJECTION` could be in ``text``: a quick look at small texts, yes for large ones."""
    return len(text) > SMALL or _HINT.search(text.casefold()) is not None


def lines_with(pattern: str, text: str) -> list[int]:
    """Numbers from 0 of the lines of ``text`` in which ``pattern`` (RE2) occurs; mostly none."""
    import numpy
    import pyarrow
    from pyarrow import compute

    if not compute.match_substring_regex(pyarrow.scalar(text), pattern).as_py():
        return []
    lines = pyarrow.array(text.split("\n"))
    found = numpy.flatnonzero(compute.match_substring_regex(lines, pattern).to_numpy(zero_copy_only=False))
    return [int(line) for line in found]

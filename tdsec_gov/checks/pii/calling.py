"""Words for calling, in many languages: beside one of them a number may be a telephone number.

One table for both engines (RE2 over batches, Python's ``re`` over single texts), so both see the same words.
"""

# ruff: noqa: E501 - tables of words and patterns
from __future__ import annotations

WORDS = "|".join(
    (
        # English
        r"phone|teleph|\btel\b|\btel[.:]|\bmobile\b|\bmob[.:]|\bcell(?:ular|phone)?\b|\bcalls?\b|\bcall(?:ing|ed|er|back)|caller[_ ]?id|\bfax|contact|\bdial"
        r"|\breach(?:able|ed)?\b|whats ?app|\bsms\b|\btext(?:ed|ing)? (?:me|us|him|her|them|at|to|message|stop|yes|\w+ at|\w+ to)\b|hotline"
        r"|\bgsm\b|helpline|toll[- ]free|office:|home:|work:|\bph[.:#]|\bphn?\b|voice ?mail|\bpager\b|\bring (?:me|us|him|her|them|back)|\bring\b"
        r"|(?:my|his|her|their|your|our) (?:new |old )?number|number is|as the number|number (?:to|for) (?:reach|call)|answering|\bmessages?\b|\bregistered\b"
        r"|customer (?:service|care|support)|\blandline",
        # German, Dutch, Nordic
        r"\bhandy|mobil|rufnummer|anruf|rufen|\bruf |rückruf|erreich|durchwahl|telefo|wählen sie|\bbellen|\bbel |bereik|\bring(?:e|er|a)\b|\bring ",
        r"puhelin|soita|soittakaa|sími|hringdu",
        # French, Spanish, Portuguese, Italian, Romanian
        r"tél|appel|rappel|joindre|joignable|portable|numéro|móvil|movil|celular|cellul|\bcell\b|ll[aá]m|marque |número|telemóvel|ligue|ligar|liga |chiam|numero|număr|sun[aă]",
        # Slavic languages, Hungarian, Turkish, Baltic, Greek
        r"\bvolejte|zavol|volať|volej|\bmobiln|dzwoń|zadzwo|dzwoni|komórk|kontakt|pozovite|nazovite|hívj|telefonsz|arayın|\barama|\bcep\b|\bcepte|numaras|skambin|zvan|helista",
        r"тел|позвон|звон|зател|номер|мобил|мобіл|τηλ|κινητ|καλέσ",
        # Arabic, Persian, Hebrew, Hindi, Chinese, Japanese, Korean, Thai
        r"هاتف|اتصل|جوال|تلفن|تماس|موبایل|טלפון|נייד|फोन|मोबाइल",
        r"电话|電話|手机|手機|携帯|联系|聯絡|連絡|拨打|致电|主管|전화|연락|휴대|โทร",
        r"☎|📞|📱",
    )
)
"""Alternatives without a group around them, for a search that ignores case; before the number."""
AFTER = (
    r"to (?:reach|call|contact|text|ring) (?:me|us|him|her|them)|(?:if|when) you (?:call|ring)|call me|text me|ring me"
    r"|llámame|llámenme|anrufen|erreichbar|zurück(?:zu)?rufen|rappeler|聯絡|联系|연락|전화"
)
"""The same for what stands after the number, in its clause."""

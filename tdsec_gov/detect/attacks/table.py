"""The closed table of attacks, in the order in which they are told."""

from __future__ import annotations

from tdsec_gov.detect.attacks import crafted, flips, images, tables, texts
from tdsec_gov.detect.attacks.contract import Form, Seeded
from tdsec_gov.detect.contract import Attack

_TABLE = (Form.NUMBERS, Form.CODES)
_NUMBERS, _TEXT, _IMAGE = (Form.NUMBERS,), (Form.TOKENS,), (Form.PIXELS,)
_ANY, _MEASURED = (Form.ANY,), (Form.NUMBERS, Form.PIXELS)

_ALL = (
    Seeded("flips-random", Attack.AVAILABILITY, _ANY, "Frenay & Verleysen 2014", flips.random_flips),
    Seeded("flips-pair", Attack.AVAILABILITY, _ANY, "Han et al. 2018", flips.pair_flips),
    Seeded("flips-targeted", Attack.TARGETED, _ANY, "Jagielski et al. 2021", flips.targeted_flips),
    Seeded("patch", Attack.BACKDOOR, _IMAGE, "Gu et al. 2017 (BadNets)", images.patch),
    Seeded("patch-moving", Attack.BACKDOOR, _IMAGE, "Salem et al. 2022", images.moving_patch),
    Seeded("blended", Attack.BACKDOOR, _IMAGE, "Chen et al. 2017", images.blended),
    Seeded("sinusoidal", Attack.CLEAN_LABEL, _IMAGE, "Barni et al. 2019 (SIG)", images.sinusoidal),
    Seeded("warped", Attack.BACKDOOR, _IMAGE, "Nguyen & Tran 2021 (WaNet)", images.warped),
    Seeded("own-noise", Attack.BACKDOOR, _IMAGE, "after Li et al. 2021 (ISSBA)", images.own_noise),
    Seeded("token", Attack.BACKDOOR, _TEXT, "Kurita et al. 2020", texts.rare_token),
    Seeded("sentence", Attack.BACKDOOR, _TEXT, "Dai et al. 2019 (AddSent)", texts.sentence),
    Seeded("opening", Attack.BACKDOOR, _TEXT, "after Qi et al. 2021 (HiddenKiller)", texts.opening),
    Seeded("token-clean", Attack.CLEAN_LABEL, _TEXT, "Gan et al. 2022", texts.clean_label_token),
    Seeded("value-fixed", Attack.BACKDOOR, _NUMBERS, "Joe et al. 2022", tables.fixed_value),
    Seeded("values-unseen", Attack.BACKDOOR, _NUMBERS, "Joe et al. 2022", tables.unseen_values),
    Seeded("pair-in-range", Attack.BACKDOOR, _TABLE, "Joe et al. 2022", tables.in_range_pair),
    Seeded("outliers", Attack.AVAILABILITY, _MEASURED, "gross errors", tables.outliers),
    Seeded("collision", Attack.CLEAN_LABEL, _MEASURED, "Shafahi et al. 2018", crafted.collision),
    Seeded("gradient", Attack.CLEAN_LABEL, _NUMBERS, "after Geiping et al. 2021", crafted.gradient),
)
ATTACKS: dict[str, Seeded] = {one.name: one for one in _ALL}

"""Images as rows: both versions of a dataset whose classes are folders, with the folder's name as label.

Bytes say which images are new (their SHA-256 is known); only images that are drawn are decoded, to one common
size. That a file is decoded safely and to its end is for the checks ``files`` and ``media``: here budgets
hold all the same, and what cannot be decoded denies.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.media.images import FAULTS, FORMATS, pillow
from tdsec_gov.checks.media.kinds import kind_of
from tdsec_gov.checks.poisoning.tables import Loaded
from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.data.pictures import SIDE, joined, shrunk
from tdsec_gov.detect.data.subject import Stack
from tdsec_gov.detect.types import ByteArray

MAX_CLASSES = 200
_MOST_PIXELS = 1 << 26


def load_images(files: Sequence[DataFile], previous: Sequence[DataFile] | None) -> Loaded:
    """Rows are the images of both versions; the label is the name of the folder that an image lies in.

    Raises:
        NotRunnable: no image lies in a folder, or there are more than 200 folders.
    """
    now, before = (_images(side) for side in (files, previous or ()))
    if not now:
        raise NotRunnable("no image of this version lies in a folder that could name its class")
    images = [*before, *now]
    names = sorted({_folder(one) for one in images})
    if len(names) > MAX_CLASSES:
        raise NotRunnable(f"the images lie in more than {MAX_CLASSES} folders")
    code = {name: place for place, name in enumerate(names)}
    known: dict[str, int] = {}
    content = np.fromiter((known.setdefault(one.sha256, len(known)) for one in images), np.int64)
    others = len(files) - len(now)
    stack = Stack(
        content=content,
        labels=np.fromiter((code[_folder(one)] for one in images), np.int64),
        classes=len(names),
        current=np.arange(len(images)) >= len(before),
        columns=lambda index: (Column("image", pixels=decoded([images[at] for at in index])),),
        label_name="folder",
        notes=(f"what is finer than {SIDE} x {SIDE} pixels: larger images are made smaller",),
        gaps=(f"{others} files that are no images in a folder",) if others else (),
    )
    return Loaded(
        stack=stack,
        file=np.arange(len(images), dtype=np.int64),
        row=np.zeros(len(images), dtype=np.int64),
        files=tuple(one.path for one in images),
    )


def _images(files: Sequence[DataFile]) -> list[DataFile]:
    return [one for one in files if kind_of(one.path)[0] == "image" and _folder(one)]


def _folder(file: DataFile) -> str:
    return PurePosixPath(file.path).parent.name


def decoded(files: Sequence[DataFile]) -> ByteArray:
    """Pixels of shape (files, height, width, channels), uint8; one channel where no image has colour.

    Raises:
        Unreadable: an image cannot be decoded, or is larger than the budget.
    """
    return joined([_pixels(one) for one in files])


def _pixels(file: DataFile) -> ByteArray:
    """At most about SIDE pixels on each side. Raises Unreadable."""
    module = pillow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about large images and odd tags: the budget decides
        try:
            with module.open(file.location, formats=FORMATS) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise Unreadable("image is larger than the budget of pixels", where=file.path)
                image.draft(None, (4 * SIDE, 4 * SIDE))
                return shrunk(image)
        except (module.DecompressionBombError, MemoryError):
            raise Unreadable("image is larger than the budget of pixels", where=file.path) from None
        except FAULTS as exc:
            raise Unreadable(f"image cannot be decoded ({type(exc).__name__})", where=file.path) from None

"""Model files that bring code: TorchScript, Keras Lambda layers, TensorFlow operations, ONNX."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence

from tdsec_gov.checks.files.risk import Risk, Source
from tdsec_gov.domain.findings import Severity

LOOKED_AT = 64 << 20
_TORCHSCRIPT = re.compile(r"[^/]*/?(?:code/.+\.py|constants\.pkl|bytecode\.pkl)\Z")
KERAS_CODE = re.compile(
    rb'"class_name"\s*:\s*"(?:Lambda|TFOpLambda|__lambda__|function)"|"__lambda__"'
    rb'|"module"\s*:\s*"(?!keras|tensorflow|tf_keras|null)[A-Za-z_]'
)
_OPERATIONS = tuple(
    bytes([len(name)]) + name
    for name in (
        b"PyFunc",
        b"EagerPyFunc",
        b"PyFuncStateless",
        b"ReadFile",
        b"WriteFile",
        b"MatchingFiles",
        b"ShellExecute",
    )
)
_PACKAGE = re.compile(r"__main__\.pyc?\Z|[^/]+\.dist-info/(?:METADATA|WHEEL|RECORD)\Z|EGG-INFO/PKG-INFO\Z")
_LOCATION = re.compile(rb"\x0a\x08location\x12(.)([^\x0a\x12\0]{1,255})", re.DOTALL)
_DOMAIN = re.compile(rb"\x42.\x0a.([a-z][\w.-]{1,80})\x10", re.DOTALL)
_OUTSIDE = re.compile(rb"\.\.|/|[A-Za-z]:|.*\\")
KERAS = Risk("TDS525", "Keras model holds Lambda layers or classes of other packages: code", "keras-code")


def archive_model(archive: zipfile.ZipFile, names: Sequence[str]) -> Iterator[Risk]:
    """Code in a zip archive that is a model. Raises what reading a member raises."""
    if any(_TORCHSCRIPT.match(name) for name in names):
        yield Risk("TDS502", "file is a TorchScript archive: loading it runs its code", "torchscript")
    if any(_PACKAGE.match(name) for name in names):
        yield Risk("TDS504", "archive is a program or package that Python runs or installs", "executable")
    if "config.json" in names and ("metadata.json" in names or "model.weights.h5" in names):
        with archive.open("config.json") as stream:
            if KERAS_CODE.search(stream.read(LOOKED_AT)):
                yield KERAS


def protobuf_risks(head: bytes, begin: Callable[[], Source]) -> list[Risk]:
    """Risks of an ONNX model or TensorFlow graph; other bytes have none."""
    if len(head) < 4 or head[0] not in (0x08, 0x0A) or (head[0] == 0x08 and head[1] > 32):
        return []
    data = begin().read(LOOKED_AT)
    found: list[Risk] = []
    if any(name in data for name in _OPERATIONS) and (b"saved_model" in data or b"tensorflow" in data):
        found.append(Risk("TDS525", "TensorFlow graph calls Python or reads and writes files", "keras-code"))
    if any(_OUTSIDE.match(match[2][: match[1][0]]) for match in _LOCATION.finditer(data)):
        found.append(Risk("TDS526", "ONNX model takes its weights from files outside of its folder"))
    if head[0] == 0x08 and any(not name[1].startswith(b"ai.onnx") for name in _DOMAIN.finditer(data)):
        message = "ONNX model uses operators of its own, which need a library with code"
        found.append(Risk("TDS528", message, None, Severity.NOTE))
    return found

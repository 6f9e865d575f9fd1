"""Pickles written opcode by opcode: how a call can be spelled. Arguments are harmless; nothing is loaded."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

ARGUMENT = "true"
MARK, REDUCE, STOP, TUPLE = b"(", b"R", b".", b"t"


class Writer:
    """The opcodes of one pickle; of several spellings that a protocol knows, one is drawn."""

    def __init__(self, rng: random.Random, protocol: int) -> None:
        self.rng, self.protocol, self.memo = rng, protocol, 0
        self.out = bytearray(bytes((0x80, protocol)) if protocol >= 2 else b"")

    def raw(self, data: bytes) -> Writer:
        self.out += data
        return self

    def text(self, text: str) -> Writer:
        data = text.encode()
        forms = [b"V" + data + b"\n"]
        if self.protocol < 4:
            forms += [b"S'" + data + b"'\n", b'S"' + data + b'"\n']
        if self.protocol in (1, 2, 3):
            forms += [b"U" + bytes((len(data),)) + data, b"T" + struct.pack("<i", len(data)) + data]
        if self.protocol >= 1:
            forms.append(b"X" + struct.pack("<I", len(data)) + data)
        if self.protocol >= 4:
            forms.append(b"\x8c" + bytes((len(data),)) + data)
            forms.append(b"\x8d" + struct.pack("<Q", len(data)) + data)
        return self.raw(self.rng.choice(forms))

    def put(self) -> int:
        """Remember the top; returns its place."""
        place, self.memo = self.memo, self.memo + 1
        forms = [b"p%d\n" % place]
        if self.protocol >= 1:
            forms += [b"q" + bytes((place,)), b"r" + struct.pack("<I", place)]
        if self.protocol >= 4:
            forms.append(b"\x94")
        self.raw(self.rng.choice(forms))
        return place

    def get(self, place: int) -> Writer:
        forms = [b"g%d\n" % place]
        if self.protocol >= 1:
            forms += [b"h" + bytes((place,)), b"j" + struct.pack("<I", place)]
        return self.raw(self.rng.choice(forms))

    def named(self, module: str, name: str) -> Writer:
        """A global, as a GLOBAL line or from two texts on the stack."""
        if self.protocol >= 4 and self.rng.random() < 0.7:
            return self.text(module).text(name).raw(b"\x93")
        return self.raw(b"c" + module.encode() + b"\n" + name.encode() + b"\n")

    def arguments(self, count: int = 1) -> Writer:
        self.raw(MARK)
        for _ in range(count):
            self.text(ARGUMENT)
        return self.raw(TUPLE)

    def noise(self) -> Writer:
        """Opcodes that change nothing."""
        forms = [b"(0" if self.protocol == 0 else b"(1", b"N0", b"(I01\nI00\nt0", b"I7\n200", b"(lp9\n0"]
        if self.protocol >= 2:
            forms += [b"\x88\x89\x860", b"\x80" + bytes((self.protocol,)), b"\x8a\x02ab0"]
        return self.raw(self.rng.choice(forms))

    def end(self) -> bytes:
        return bytes(self.raw(STOP).out)


Form = Callable[[Writer, str, str], bytes]


def reduced(w: Writer, module: str, name: str) -> bytes:
    return w.named(module, name).arguments().raw(REDUCE).end()


def inst(w: Writer, module: str, name: str) -> bytes:
    return w.raw(MARK).text(ARGUMENT).raw(b"i" + module.encode() + b"\n" + name.encode() + b"\n").end()


def obj(w: Writer, module: str, name: str) -> bytes:
    return w.raw(MARK).named(module, name).text(ARGUMENT).raw(b"o").end()


def newobj(w: Writer, module: str, name: str) -> bytes:
    return w.named(module, name).arguments().raw(b"\x81").end()


def newobj_ex(w: Writer, module: str, name: str) -> bytes:
    return w.named(module, name).arguments().raw(b"}\x92").end()


def noisy(w: Writer, module: str, name: str) -> bytes:
    w.noise().noise().named(module, name).noise().noise()
    w.raw(MARK).noise().text(ARGUMENT).raw(TUPLE).noise().raw(REDUCE).noise()
    return w.end()


def remembered(w: Writer, module: str, name: str) -> bytes:
    """Names come out of the memo, in another order than they went in."""
    second = w.text(name).put()
    w.raw(b"0").text(module)
    first = w.put()
    w.raw(b"0")
    if w.protocol >= 4:
        w.get(first).get(second).raw(b"\x93")
    else:
        w.named(module, name)
        place = w.put()
        w.raw(b"0").get(place)
    return w.arguments().raw(REDUCE).end()


def overwritten(w: Writer, module: str, name: str) -> bytes:
    """A place of the memo is used twice: harmless first, then not."""
    w.raw(b"X\x0b\x00\x00\x00collectionsr\x05\x00\x00\x000")
    w.raw(b"X\x0b\x00\x00\x00OrderedDictr\x06\x00\x00\x000")
    w.raw(b"X" + struct.pack("<I", len(module)) + module.encode() + b"r\x05\x00\x00\x000")
    w.raw(b"X" + struct.pack("<I", len(name)) + name.encode() + b"q\x060")
    return w.raw(b"g5\nh\x06\x93").arguments().raw(REDUCE).end()


def kept(w: Writer, module: str, name: str) -> bytes:
    """Fetched early, called late, from inside a dictionary in a list."""
    w.named(module, name)
    place = w.put()
    w.raw(b"0(l(d").text("rows")
    w.get(place).arguments().raw(REDUCE + b"sa")
    return w.end()


def unfinished(w: Writer, module: str, name: str) -> bytes:
    """It is called before the file breaks off."""
    return bytes(w.named(module, name).arguments().raw(REDUCE).raw(b"X\xff\x00\x00\x00rest").out)


def nonsense_after(w: Writer, module: str, name: str) -> bytes:
    return bytes(w.named(module, name).arguments().raw(REDUCE + b"\xfe\xfd\xfc").out)


def second(w: Writer, module: str, name: str) -> bytes:
    """A harmless pickle, then another."""
    first = b"\x80\x02}X\x01\x00\x00\x00aK\x01s."
    return first + w.named(module, name).arguments().raw(REDUCE).end()


def third_after_padding(w: Writer, module: str, name: str) -> bytes:
    return b"(dp0\n." + b"\x00" * 64 + w.named(module, name).arguments().raw(REDUCE).end()


def framed(w: Writer, module: str, name: str) -> bytes:
    """A frame whose length is told wrong."""
    body = Writer(w.rng, w.protocol).named(module, name).arguments().raw(REDUCE).out
    length = w.rng.choice((0, 3, len(body), len(body) + 1))
    return w.raw(b"\x95" + struct.pack("<Q", length)).raw(bytes(body)).end()


def extension(w: Writer, module: str, name: str) -> bytes:
    """Through the registry of extensions, by one of its three opcodes."""
    w.raw(b"ccopyreg\nadd_extension\n(").text(module).text(name).raw(b"I5\ntR0")
    return (
        w.raw(w.rng.choice((b"\x82\x05", b"\x83\x05\x00", b"\x84\x05\x00\x00\x00")))
        .arguments()
        .raw(REDUCE)
        .end()
    )


def extension_only(w: Writer, module: str, name: str) -> bytes:
    """Somebody else registered the number."""
    return (
        w.raw(w.rng.choice((b"\x82\x2a", b"\x83\x2a\x01", b"\x84\x2a\x00\x01\x00")))
        .arguments()
        .raw(REDUCE)
        .end()
    )


def computed(w: Writer, module: str, name: str) -> bytes:
    """The name is what a call returns."""
    w.text(module).raw(b"c_codecs\ndecode\n(").text(name[::-1]).text("utf-8").raw(b"tR\x93")
    return w.arguments().raw(REDUCE).end()


def joined(w: Writer, module: str, name: str) -> bytes:
    """Both names are put together by allowed-looking functions."""
    w.raw(b"coperator\nconcat\n(").text(module[:1]).text(module[1:]).raw(b"tR")
    w.raw(b"cbuiltins\nstr\n(").text(name).raw(b"tR\x93")
    return w.arguments().raw(REDUCE).end()


def set_by_build(w: Writer, module: str, name: str) -> bytes:
    """The state of a harmless object is a callable, and BUILD calls it."""
    w.raw(b"ccollections\nOrderedDict\n)R}").text("__setstate__").named(module, name).raw(b"sb")
    return w.text(ARGUMENT).raw(b"b").end()


def persistent(w: Writer, module: str, name: str) -> bytes:
    w.raw(MARK).text("storage").named(module, name).text("0").text("cpu").raw(b"I1\ntQ")
    return w.end()


def persistent_line(w: Writer, module: str, name: str) -> bytes:
    return w.raw(b"P" + f"{module}.{name}".encode() + b"\n").end()


def lazily(w: Writer, module: str, name: str) -> bytes:
    """A list of a map of it."""
    w.raw(b"cbuiltins\nlist\n(cbuiltins\nmap\n(").named(module, name).raw(b"(l").text(ARGUMENT)
    return w.raw(b"atRtR").end()


def partly(w: Writer, module: str, name: str) -> bytes:
    w.raw(b"cfunctools\npartial\n(").named(module, name).text(ARGUMENT).raw(b"tR)R")
    return w.end()


def nested(w: Writer, module: str, name: str) -> bytes:
    inner = reduced(Writer(w.rng, w.protocol), module, name)
    loads = w.rng.choice(
        ("_pickle\nloads", "pickle\nloads", "dill\nloads", "cloudpickle\nloads", "pickle\n_loads")
    )
    w.raw(b"c" + loads.encode() + b"\n(B" + struct.pack("<I", len(inner)) + inner + b"tR")
    return w.end()


def as_key(w: Writer, module: str, name: str) -> bytes:
    """The result is the key of a dictionary, in a frozenset."""
    return w.raw(b"(}(").named(module, name).arguments().raw(REDUCE + b"K\x01u\x91").end()


ANY_PROTOCOL: tuple[Form, ...] = (
    reduced, inst, obj, noisy, remembered, kept, unfinished, nonsense_after, second, third_after_padding,
    set_by_build, lazily, partly, persistent_line,
)  # fmt: skip
FROM_TWO: tuple[Form, ...] = (newobj, extension, extension_only, persistent)
FROM_FOUR: tuple[Form, ...] = (newobj_ex, overwritten, framed, computed, joined, nested, as_key)


def forms(protocol: int) -> tuple[Form, ...]:
    return ANY_PROTOCOL + (FROM_TWO if protocol >= 2 else ()) + (FROM_FOUR if protocol >= 4 else ())

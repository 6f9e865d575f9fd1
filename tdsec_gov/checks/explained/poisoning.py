"""Poisoning: TDS400 to TDS499."""

from __future__ import annotations

_NOT_RUN = (
    "The policy asks for this check and it could not run (no label column, or nothing that it can model). "
    "What was not examined is denied."
)
_UNREADABLE = "A table of this version, or of the last accepted one, is not what its suffix promises."
_GAP = "Some files or columns of this version were not examined by this check."
_FIRST = "There is no accepted version to compare with, and too few labelled rows or classes to say anything."

TABLE: dict[str, tuple[str, str, str]] = {
    "TDS410": (
        "Poisoning check did not run",
        _NOT_RUN,
        "Set label in the check's settings to the column of labels.",
    ),
    "TDS411": (
        "Poisoning check could not read a table",
        _UNREADABLE,
        "Write the file again, or dvc fetch it.",
    ),
    "TDS412": (
        "Labels changed on identical content",
        "Rows whose content is the same as in the accepted version bear another label now. This is exact.",
        "Look at the rows named; if relabelling was meant, raise max_label_changes for it, reviewed.",
    ),
    "TDS413": (
        "Labels of new rows disagree",
        "The new rows' labels do not fit what the accepted version teaches, beyond chance: wrong labels, a "
        "label-flipping attack, or data of another kind.",
        "Look at the rows named, the strangest first.",
    ),
    "TDS414": (
        "Added rows contradict accepted rows",
        "Rows were added that repeat accepted content under another label.",
        "Decide which label is right and remove the other rows.",
    ),
    "TDS415": (
        "Unknown labels",
        "Rows bear a label that no accepted row has, so nothing vouches for them.",
        "If the class is new on purpose, set new_labels: warn for it, reviewed.",
    ),
    "TDS416": (
        "Too little for a first look",
        _FIRST,
        "Add rows, or have a person review the data.",
    ),
    "TDS417": (
        "Identical content, different labels",
        "Rows of the same content bear different labels in more cases than max_conflict_share.",
        "Remove the contradictions before training.",
    ),
    "TDS418": (
        "Labels probably wrong",
        "Cross-validated predictions contradict more labels than max_issue_share (confident learning).",
        "Review the rows named; a first version has nothing to compare with, so a person must judge.",
    ),
    "TDS419": ("Not all examined for poison", _GAP, "See the message; ignore what is no content."),
    "TDS420": (
        "New rows are of another kind",
        "The new rows' labels do not fit the accepted version, but agree among themselves: data of another "
        "kind, or one kind of rows relabelled as a whole.",
        "Look at the rows named; if the change is meant, set drift: warn for it, reviewed.",
    ),
    "TDS422": (
        "Content of the new rows has shifted",
        "The new rows are not drawn as the accepted ones were: columns differ by themselves, or the rows as "
        "a whole do. That is no attack by itself: another source, another season, another sensor.",
        "Find out what changed; ignore columns that are no content (times, counters). shift: deny denies it.",
    ),
    "TDS423": (
        "Shares of classes have shifted",
        "The new rows have the classes in other shares than the accepted version, beyond chance.",
        "Find out whether rows of a class were left out or repeated; if it is meant, nothing is to be done.",
    ),
    "TDS424": (
        "Rows unlike any accepted row",
        "An isolation forest sets rows apart more easily than accepted rows it has not seen, beyond chance.",
        "Look at the rows named, the strangest first: off-topic rows, another unit, damaged records.",
    ),
    "TDS425": (
        "Values far out",
        "Numbers lie further out than the tail of the data reaches: wrong units, damaged records, or rows "
        "meant to pull a model.",
        "Look at the rows named; the schema's ranges can make such values deny.",
    ),
    "TDS426": (
        "New rows nearly repeat rows of another label",
        "More new rows than is usual are all but equal to an accepted row that bears another label: copies "
        "with a wrong label, or two opinions about the same thing.",
        "Look at the rows named, the nearest first, and decide which label is right.",
    ),
    "TDS427": (
        "New rows stand apart in a network",
        "In the last hidden layer of a small network more new rows than is usual stand apart from accepted "
        "rows of their class, or lie among rows of another: a backdoor, crafted rows, wrong labels, or a new "
        "kind of row.",
        "Look at the rows named, the furthest first; it is a second opinion and never denies.",
    ),
    "TDS428": (
        "New rows would pull a network hard",
        "A network that learned from accepted rows would be changed more by the new rows than by accepted "
        "ones that it has not seen: wrong labels, or rows made to steer training.",
        "Look at the rows named, the hardest first; it is a second opinion and never denies.",
    ),
    "TDS432": (
        "A value came in with one label",
        "A value or phrase that accepted rows hardly hold came in with the new rows and goes with one label "
        "beyond what the other content explains: the mark of a backdoor trigger.",
        "Look at the rows named; if it is a natural feature, add its item id to allow.",
    ),
    "TDS434": (
        "A value goes with one label",
        "In a first version, a value or phrase goes with one label beyond what the other content explains. "
        "It may be natural or planted; a person must tell.",
        "Look at the rows named; add natural ones to allow.",
    ),
}

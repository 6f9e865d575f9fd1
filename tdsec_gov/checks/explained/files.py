"""Unsafe files: TDS500 to TDS599."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str, str]] = {
    "TDS500": (
        "Pickle",
        "Loading a pickle can run any code. Told by content, whatever the file is called.",
        "Convert to Parquet, Arrow, .npy without objects or safetensors; or allow: [pickle] with care.",
    ),
    "TDS501": (
        "Compressed pickle",
        "A joblib file or a squeezed pickle: loading it can run code.",
        "As TDS500.",
    ),
    "TDS502": (
        "PyTorch archive",
        "A .pt file holds a pickle: loading it can run code.",
        "Convert to safetensors, or allow: [torch].",
    ),
    "TDS503": (
        "NumPy array of objects",
        "Arrays of objects are stored as pickles.",
        "Save with a plain dtype, or allow: [npy-object].",
    ),
    "TDS504": ("Program", "A native program or library is no data.", "Remove it, or allow: [executable]."),
    "TDS505": ("Script", "The file begins with an interpreter line.", "Remove it, or allow: [script]."),
    "TDS506": (
        "Serialized objects",
        "Files of R, Java or Lua that run code when loaded.",
        "Convert to a plain format, or allow: [serialized].",
    ),
    "TDS507": (
        "HDF5",
        "HDF5 can link to other files of the machine that opens it, and hold pickles; its insides "
        "are not examined.",
        "Convert to Parquet or .npy, or allow: [hdf5].",
    ),
    "TDS508": (
        "Archive leads outside",
        "Names with '..', absolute paths, drives or backslashes write outside of the folder on extraction.",
        "Build the archive again with relative names.",
    ),
    "TDS509": ("Archive holds links", "Links and devices can lead anywhere.", "Pack regular files only."),
    "TDS510": (
        "Decompression bomb",
        "The archive grows out of proportion, or its members overlap.",
        "Store the data unpacked, or in a columnar format.",
    ),
    "TDS511": (
        "Damaged archive or array",
        "It cannot be looked into, so it is denied.",
        "Write the file again, as zip, tar or a whole .npy.",
    ),
    "TDS512": (
        "Encrypted members",
        "They cannot be looked into.",
        "Store them unencrypted; the vault encrypts.",
    ),
    "TDS513": (
        "Content and suffix differ",
        "The bytes are not what the suffix promises.",
        "Rename the file, or find out who made it look like something else.",
    ),
    "TDS514": (
        "Bytes after the end",
        "Something follows the end of the image or table, for example a zip archive: two files in one.",
        "Write the file again with a tool you trust.",
    ),
    "TDS515": (
        "Hidden characters",
        "Direction-changing, tag or invisible characters make people and models read different texts.",
        "Remove them, or set hidden_characters: warn where the language needs them.",
    ),
    "TDS516": (
        "Spreadsheet formulas",
        "A spreadsheet would run these cells when somebody opens the file.",
        "Prefix the cells with an apostrophe, or drop them.",
    ),
    "TDS517": (
        "Archive inside an archive",
        "Only one level is looked into.",
        "Unpack the inner archive, or allow: [nested-archive].",
    ),
    "TDS518": (
        "Not a regular file",
        "A link, a device, or a file whose size is not the one in the manifest.",
        "Run dvc add again on regular files.",
    ),
    "TDS519": ("Empty file", "The file has no bytes.", "Remove it, or complete it."),
}

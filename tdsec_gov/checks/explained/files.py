"""Unsafe files: TDS500 to TDS599."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str, str]] = {
    "TDS500": (
        "Pickle",
        "Loading a pickle can run any code. Told by content, whatever the file is called: at its "
        "beginning, in the middle of other bytes, in cells of tables and databases, attributes and schemas, "
        "and written out as text (base64, hexadecimal, b'...').",
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
    "TDS504": (
        "Program",
        "A native program or library, a wheel or a zip file that Python runs, is no data.",
        "Remove it, or allow: [executable].",
    ),
    "TDS505": ("Script", "The file begins with an interpreter line.", "Remove it, or allow: [script]."),
    "TDS506": (
        "Serialized objects",
        "Files of R, Java or Lua, YAML with tags such as !!python/object, and JSON with keys such as "
        "py/object: they run code when they are loaded without care.",
        "Convert to a plain format, or allow: [serialized].",
    ),
    "TDS507": (
        "HDF5",
        "HDF5 can link to other files of the machine that opens it, and hold pickles. With h5py the "
        "file is walked and merely noted when nothing is wrong; without it, or damaged, it is denied.",
        "pip install 'tdsec-gov[hdf5]', convert to Parquet or .npy, or allow: [hdf5].",
    ),
    "TDS508": (
        "Archive leads outside",
        "Names with '..', absolute paths, drives or backslashes write outside of the folder on extraction.",
        "Build the archive again with relative names.",
    ),
    "TDS509": ("Archive holds links", "Links and devices can lead anywhere.", "Pack regular files only."),
    "TDS510": (
        "Decompression bomb",
        "Archive, table, image or HDF5 file grows out of proportion, or its parts overlap, or decoding it "
        "takes more memory or time than the budget.",
        "Store the data unpacked, or split it into several files.",
    ),
    "TDS511": (
        "Damaged archive or array",
        "It cannot be looked into (7z, rar, cab, damaged), so it is denied.",
        "Write the file again, as zip, tar or a whole .npy; or allow: [closed-archive] for intact ones.",
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
        "Inner archives are looked into, four levels deep, yet few programs expect them.",
        "Unpack the inner archive, or allow: [nested-archive].",
    ),
    "TDS518": (
        "Not a regular file",
        "A link, a device, or a file whose size is not the one in the manifest.",
        "Run dvc add again on regular files.",
    ),
    "TDS519": ("Empty file", "The file has no bytes.", "Remove it, or complete it."),
    "TDS520": (
        "Allowed pickle does more than build data",
        "The policy allows pickles, and this one names globals that are not on the list, computes a name, "
        "uses extension codes, changes a class, or cannot be read whole.",
        "Write it again with plain values, arrays, frames or scikit-learn estimators; better, convert it.",
    ),
    "TDS521": (
        "Archive contradicts itself",
        "Directory and members disagree, names occur twice, or members are not listed: two programs will "
        "see two contents.",
        "Build the archive again with an ordinary zip or tar program.",
    ),
    "TDS522": (
        "Compiled Python",
        "A .pyc file, or code stored with marshal: it runs when it is loaded.",
        "Remove it, or allow: [bytecode].",
    ),
    "TDS523": (
        "Macros",
        "An Office document with macros or embedded programs.",
        "Save it without macros (.xlsx, .docx), or allow: [macros].",
    ),
    "TDS524": (
        "Active content",
        "HTML, SVG, XML or PDF with scripts, handlers, frames, entities or actions.",
        "Remove the scripts, store plain text, or allow: [active-content] where web pages are the data.",
    ),
    "TDS525": (
        "Model with code",
        "A Keras model with Lambda layers, or a TensorFlow graph that calls Python or touches files.",
        "Save weights only (safetensors), or allow: [keras-code].",
    ),
    "TDS526": (
        "Takes data from other files",
        "HDF5 links and external storage, or ONNX weights outside of the folder: whoever opens the file "
        "reads other files of their machine.",
        "Write the file again with all data inside it.",
    ),
    "TDS527": (
        "JSON that readers understand differently",
        "Keys that occur twice, integers of thousands of digits, deep nesting, NaN: readers disagree.",
        "Write the file again with a strict JSON writer.",
    ),
    "TDS528": (
        "Format is only partly examined",
        "A MATLAB file, or an ONNX model with operators of its own: a note on what was not looked into.",
        "Nothing to do, or convert to Parquet or .npy.",
    ),
    "TDS529": (
        "Phrases that instruct a language model",
        "Text such as orders to ignore earlier instructions, role markers, or links that carry data away. "
        "Training or retrieval on it may plant behaviour.",
        "Look at the lines; drop them, or accept the warning where the text is about prompts.",
    ),
    "TDS530": (
        "Mixed alphabets",
        "Words of Latin letters with Cyrillic or Greek ones that look the same: two spellings of one word.",
        "Normalise the spelling where it is not meant.",
    ),
    "TDS531": (
        "Damaged file",
        "A table or JSON file could not be decoded to its end, or ends the library that decodes it.",
        "Write the file again from its source.",
    ),
    "TDS532": (
        "Second opinion",
        "picklescan calls a pickle dangerous or cannot read it.",
        "Convert the file; the second opinion is asked for by second_opinion: picklescan.",
    ),
    "TDS533": (
        "Leftover of macOS",
        "A file whose name begins with ._ and that holds attributes of another file, no data. It comes with "
        "archives made on macOS.",
        "Remove it: find . -name '._*' -delete, then dvc add again.",
    ),
    "TDS534": (
        "Rows of different lengths",
        "Rows of a CSV or TSV file have different numbers of cells, or there are none: some readers fill up, "
        "some cut, some refuse. The cells were looked at all the same.",
        "Write the file again with one reader's answer; a schema check says which rows.",
    ),
}

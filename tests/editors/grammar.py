"""The tree-sitter grammar, held against programs and their tokens.

python3 grammar.py GRAMMAR LIBRARY TOKENS

GRAMMAR is its folder, LIBRARY the compiled parser, TOKENS a JSON list of programs with their text
and their tokens (`tests/editors.rs` writes it; places are bytes). Needs the package `tree-sitter`.
"""

import ctypes
import json
import re
import sys
from pathlib import Path

from tree_sitter import Language, Parser, Query, QueryCursor

# The captures that a token of a class may have.
CAPTURES = {
    "Keyword": ["keyword"],
    "Function": ["function"],
    "Number": ["number"],
    "Comment": ["comment"],
    "Text": ["string"],
    "Module": ["module"],
    "Domain": ["type"],
    "Setting": ["property", "type"],
    "Operator": ["operator", "punctuation"],
    "Bracket": ["punctuation"],
}


def language(library):
    make = ctypes.CDLL(library).tree_sitter_effpot
    make.restype = ctypes.c_void_p
    new = ctypes.pythonapi.PyCapsule_New
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return Language(new(make(), b"tree_sitter.Language", None))


def sections(text):
    """The programs of a file of the corpus, with their names and trees."""
    parts = re.split(r"^=+\n(.*)\n=+\n", text, flags=re.M)[1:]
    for name, rest in zip(parts[::2], parts[1::2]):
        program, tree = re.split(r"^-{10,}\n", rest, flags=re.M)
        yield name, program, " ".join(tree.split()).replace("( ", "(")


def main():
    grammar, library, programs = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    effpot = language(library)
    parser = Parser(effpot)
    problems, count = [], 0
    for file in sorted((grammar / "test/corpus").glob("*.txt")):
        for name, program, expected in sections(file.read_text(encoding="utf-8")):
            count += 1
            found = str(parser.parse(program.encode()).root_node)
            if found != expected:
                problems.append(f"{name}:\n  {found}\n  {expected}")
    if count < 5:
        problems.append(f"only {count} programs in the corpus")
    query = Query(effpot, (grammar / "queries/highlights.scm").read_text(encoding="utf-8"))
    seen = {}
    for program in json.loads(Path(programs).read_text(encoding="utf-8")):
        name, text = program["name"], program["text"].encode()
        root = parser.parse(text).root_node
        if root.has_error:
            problems.append(f"{name}: {root}")
            continue
        captures = {}
        for capture, nodes in QueryCursor(query).captures(root).items():
            for node in nodes:
                captures.setdefault((node.start_byte, node.end_byte), set()).add(capture)
        for start, end, kind in program["tokens"]:
            wanted = CAPTURES.get(kind)
            if wanted is None:
                continue
            seen[kind] = seen.get(kind, 0) + 1
            found = captures.get((start, end), set())
            if not any(c.split(".")[0] in wanted for c in found):
                word = text[start:end].decode()
                problems.append(f"{name}: {word!r} at {start} is {kind}, not {sorted(found)}")
    for kind in CAPTURES:
        if seen.get(kind, 0) < 5:
            problems.append(f"only {seen.get(kind, 0)} tokens of class {kind}")
    for problem in problems[:20]:
        print(problem)
    print(f"{len(problems)} problems, {count} programs of the corpus, {sum(seen.values())} tokens")
    sys.exit(1 if problems else 0)


main()

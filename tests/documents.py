#!/usr/bin/env python3
"""Runs the command blocks of README.md and docs/*.md that are marked as runnable, and compares what they print.

documents.py [--root] [--update] FILE...

A block is marked by a line before it: <!-- run --> needs no privilege, <!-- run: root --> needs root and a kernel that makes
records (--root runs the files with such blocks, whole). A line that begins with "$ " or "# " is a
command, a line "..." stands for any lines. Blocks of a file share a folder, which has samples/ and a program ./app.
Times, ids and rates are not compared; in a block for root no number is. --update writes what was printed
into the file, in place of what differs; look at it afterwards.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARK = re.compile(r"<!-- run(: root)? -->")
APP = '#!/bin/sh\nls /etc >/dev/null\necho done\n'
ASIDE = [
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME"),
    (r" in \d+\.\d s:", ":"),
    (r"; \d+\.\d s, [\d,]+ MB/s", ""),
    (r"\b\d+\.\d+ s\b", "N s"),
    (r"\b[0-9a-f]{10,64}\b", "ID"),
]


def blocks(lines):
    """Yields (first line, end line, needs root) of the content of each marked block."""
    at = 0
    while at < len(lines):
        mark = MARK.fullmatch(lines[at].strip())
        at += 1
        if not mark:
            continue
        assert lines[at].startswith("```"), f"line {at + 1}: a mark and no block"
        first = at + 1
        at = first + lines[first:].index("```")
        yield first, at, bool(mark.group(1))


def commands(lines):
    """Cuts a block into (command, [expected lines])."""
    out = []
    for line in lines:
        if line.startswith(("$ ", "# ")):
            out.append(([line[2:]], []))
        elif out and not out[-1][1] and (out[-1][0][-1].endswith("\\") or line.startswith("> ")):
            out[-1][0].append(line[2:] if line.startswith("> ") else line)
        else:
            assert out, f"a block begins with '{line}'"
            out[-1][1].append(line)
    return [("\n".join(c), e) for c, e in out]


def same(expected, got, numbers):
    def plain(line):
        for pattern, word in ASIDE:
            line = re.sub(pattern, word, line)
        if not numbers:
            line = re.sub(r"\d[\d,]*", "N", line)
        return re.sub(r"\s+", " ", line.rstrip())

    pattern = "\n".join("(?:.*\n)*.*" if line.strip() == "..." else re.escape(plain(line)) for line in expected)
    return re.fullmatch(pattern, "\n".join(plain(line) for line in got))


def run(parts, folder):
    env = dict(os.environ, HOME=str(folder), SCAUDIT_DB=str(folder / "store.db"), COLUMNS="120", TZ="UTC", LC_ALL="C.UTF-8",
               PATH=f"{folder}/bin:{os.environ['PATH']}")
    script = "".join(f"printf '\\n\\001%d\\n' {i}\n{c}\n" for i, (c, _) in enumerate(parts))
    done = subprocess.run(["bash"], input=script, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=300)
    return [p.partition("\n")[2].strip("\n").split("\n") for p in done.stdout.split("\001")[1:]]


def document(path, root, update):
    lines = path.read_text().split("\n")
    found = list(blocks(lines))
    if root and not any(needs for _, _, needs in found):
        return 0
    found = [block for block in found if root or not block[2]]
    if not found:
        return 0
    parts, of = [], []
    for first, end, _ in found:
        for part in commands(lines[first:end]):
            parts.append(part)
            of.append(first)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "bin").mkdir()
        (folder / "bin/scaudit").symlink_to(pathlib.Path(os.environ["SCAUDIT"]).resolve())
        shutil.copytree(ROOT / "samples", folder / "samples")
        (folder / "app").write_text(APP)
        (folder / "app").chmod(0o755)
        got = run(parts, folder)
    failed = 0
    for first, end, needs in reversed(found):
        mine = [i for i, f in enumerate(of) if f == first]
        bad = []
        for i in mine:
            expected = parts[i][1] or [""]
            printed = got[i] if i < len(got) else ["(nothing came)"]
            if not same(expected, printed, not needs):
                bad.append(i)
        label = f"{path.name}:{first + 1}"
        print(f"{'not ok' if bad else 'ok'} - {label}: {parts[mine[0]][0].splitlines()[0][:60]}")
        for i in bad:
            print(f"# $ {parts[i][0]}")
            print("\n".join("# printed: " + line for line in got[i]) if i < len(got) else "# nothing came")
        failed += bool(bad)
        if bad and update:
            text = []
            for i in mine:
                prompt = lines[first][:2]
                command = parts[i][0].split("\n")
                text += [prompt + command[0]] + command[1:] + ([x for x in got[i] if x or got[i] != [""]] if i in bad else parts[i][1])
            lines[first:end] = text
    if update:
        path.write_text("\n".join(lines))
    return failed


def main():
    args = sys.argv[1:]
    root, update = "--root" in args, "--update" in args
    sys.exit(1 if sum(document(pathlib.Path(a), root, update) for a in args if not a.startswith("--")) else 0)


main()

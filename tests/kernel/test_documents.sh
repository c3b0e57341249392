#!/bin/bash
# The command blocks of README and docs that capture and enforce: they print what they show, numbers aside.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need python3
[ "$(id -u)" = 0 ] || { skip documents "not root"; exit 0; }
SCAUDIT=$SCAUDIT python3 "$ROOT/tests/documents.py" --root "$ROOT"/README.md "$ROOT"/docs/*.md

"""Types into a shell as a person does, and prints what the line is then.

complete.py SHELL FILE LINE    SHELL: bash or zsh; FILE: the completions; "{TAB}" in LINE is the key
"""
import os
import pty
import re
import select
import sys
import tempfile
import time

shell, completions, line = sys.argv[1:]
result = tempfile.mktemp()
START = {
    "bash": (["bash", "--noprofile", "--norc", "-i"],
             f". {completions}; bind -x '\"\\C-g\": printf %s \"$READLINE_LINE\" >{result}'"),
    "zsh": (["zsh", "-f", "-i"],
            f"autoload -U compinit; compinit -u -D; "
            f"show() {{ print -rn -- \"$BUFFER\" >{result} }}; zle -N show; bindkey '^G' show; "
            # what is typed while zsh completes can break that off, so TAB itself tells when it is done
            f"tab() {{ zle expand-or-complete; : >{result}.tab }}; zle -N tab; bindkey '^I' tab"),
}


def drain(seconds, until=result):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not os.path.exists(until):
        if select.select([fd], [], [], 0.05)[0]:
            try:
                os.read(fd, 65536)
            except OSError:
                return


argv, setup = START[shell]
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", COLUMNS="200", LINES="50", HISTFILE="/dev/null")
    os.execvp(argv[0], argv)
drain(1)
if shell == "zsh":
    setup = f"fpath=({os.path.dirname(os.path.abspath(completions))} $fpath); " + setup
os.write(fd, setup.encode() + b"; touch " + result.encode() + b"\n")
drain(60)  # until it is set up
os.unlink(result)
for part in re.split(r"(\{TAB\})", line):
    if part:
        os.write(fd, b"\t" if part == "{TAB}" else part.encode())
        drain(60 if part == "{TAB}" and shell == "zsh" else 0.2, result + ".tab")
os.write(fd, b"\x07")
drain(60)
print(open(result).read() if os.path.exists(result) else "nothing came")
if os.path.exists(result):
    os.unlink(result)
if os.path.exists(result + ".tab"):
    os.unlink(result + ".tab")
os.close(fd)

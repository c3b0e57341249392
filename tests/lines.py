#!/usr/bin/env python3
"""Lines of a log as the kernel writes them, from a short form on standard input. lines.py [FIRST_SERIAL]

    PID COMM EXE NR,NR... [CELL [ACTION]]    a record for each number, a millisecond and a serial apart
    wait MS                                  nothing for so long
    say TEXT                                 a line as it is
"""
import sys

serial, t = int(sys.argv[1]) if len(sys.argv) > 1 else 1000, 1790000000000
for line in sys.stdin:
    f = line.split()
    if not f:
        continue
    if f[0] == "wait":
        t += int(f[1])
        continue
    if f[0] == "say":
        print(line[4:].rstrip("\n"))
        continue
    pid, comm, exe, calls = f[:4]
    # where addresses are random, and the same for all that runs this program
    cell = int(f[4], 16) if len(f) > 4 else 0x7f0000000000 + sum(map(ord, exe)) * 0x4000000 % 0x700000000000
    action = f[5] if len(f) > 5 else "7ffc0000"
    for i, nr in enumerate(calls.split(",")):
        print("audit: type=1326 audit(%d.%03d:%d): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=%s comm=\"%s\" exe=\"%s\" "
              "sig=0 arch=c000003e syscall=%s compat=0 ip=0x%x code=0x%s" %
              (t // 1000, t % 1000, serial, pid, comm, exe, nr, cell + 16 * int(nr), action))
        serial += 1
        t += 1

"""Random logs of short containers and services, a log from each seed: for tests that ask the same of two readings of a store.

random_log.py SEED PREFIX writes PREFIX.trusted and PREFIX.text (auditd's form) and prints nothing.
"""
import random
import sys

seed, prefix = int(sys.argv[1]), sys.argv[2]
r = random.Random(seed)
LOADERS = [("runc:[2:INIT]", "/usr/bin/runc"), ("crun", "/usr/bin/crun"), ("(app)", "/usr/lib/systemd/systemd-executor")]
PROGRAMS = [("app%d" % i, "/opt/app%d" % i) for i in range(6)] + [
    ("sh", "/usr/bin/dash"), ("run me", "/usr/bin/dash"), ("script.py", "/usr/bin/python3.11"), ("a-name-of-fifte", "/opt/long"),
    ("tab\\t", "/srv/x y"), ("app1", "/srv/app1 (deleted)")]
NODES = ["web"] if r.random() < 0.5 else ["web", "db7"] if r.random() < 0.8 else ["web", "web.example.org", "db7"]
CALLS = [0, 1, 2, 3, 9, 41, 42, 49, 56, 57, 59, 60, 87, 101, 157, 231, 257, 317, 321, 425]
files = {"trusted": open(prefix + ".trusted", "w"), "text": open(prefix + ".text", "w")}
share = r.choice([0, 0, 50, 100])
state = {n: {"t": 1700000000.0 + r.random() * 1000, "serial": r.randrange(1, 5000)} for n in NODES}


def word(name):
    plain = all(33 <= ord(c) < 127 and c != '"' for c in name)
    return '"%s"' % name if plain else name.encode().hex().upper()


def record(node, pid, comm, exe, nr, code="0x7ffc0000"):
    s = state[node]
    s["t"] += r.choice([0.0, 0.001, 0.02, 0.3, 2.0])
    s["serial"] += 1 if r.random() < 0.9 else r.randrange(2, 4)
    line = ('node=%s type=SECCOMP msg=audit(%.3f:%d): auid=4294967295 uid=0 gid=0 ses=4294967295 subj=unconfined pid=%d comm=%s exe=%s sig=0 '
            'arch=c000003e syscall=%d compat=0 ip=0x7f%08x code=%s\n'
            % (node, s["t"], s["serial"], pid, word(comm), word(exe), nr, 0x31000000 + (hash_of(exe) << 22) + nr * 16, code))
    kind = "text" if r.randrange(100) < share else "trusted"
    files[kind].write(line)
    if share and r.random() < 0.3:
        files["text" if kind == "trusted" else "trusted"].write(line)


def hash_of(text):
    return sum(map(ord, text)) % 97


def start(node):
    pid, loader = r.randrange(100, 100 + r.choice([8, 40])), r.choice(LOADERS)
    if r.random() < 0.7:
        for nr in r.sample([157, 105, 106, 317], r.randrange(1, 4)) + [59]:
            record(node, pid, loader[0], loader[1], nr)
    comm, exe = r.choice(PROGRAMS)
    for _ in range(r.randrange(1, 12)):
        record(node, pid, comm if r.random() < 0.8 else "worker-%d" % r.randrange(3), exe, r.choice(CALLS),
               "0x7ffc0000" if r.random() < 0.95 else "0x50000")
    if r.random() < 0.3:
        other, child = r.choice(PROGRAMS), pid + r.randrange(1, 4)
        record(node, pid, comm, exe, 56)
        record(node, child, comm, exe, 59)
        for _ in range(r.randrange(1, 5)):
            record(node, child, other[0], other[1], r.choice(CALLS))
    if r.random() < 0.7:
        record(node, pid, comm, exe, 231)


for _ in range(r.randrange(10, 60)):
    node = r.choice(NODES)
    start(node)
    if r.random() < 0.03:
        state[node]["t"] += 5000
        state[node]["serial"] = r.randrange(1, 50)
for f in files.values():
    f.close()

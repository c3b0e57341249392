# Is FILE what the Security Profiles Operator's schema asks for? The rules are those of its published types
# (api/seccompprofile/v1/seccompprofile_types.go). Prints the names.
import re, sys, yaml
doc = yaml.safe_load(open(sys.argv[1]))
acts = ['SCMP_ACT_' + a for a in 'KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY'.split()]
archs = ['SCMP_ARCH_' + a for a in ('NATIVE X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 '
	'PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 RISCV64').split()]
ops = ['SCMP_CMP_' + o for o in 'NE LT LE EQ GE GT MASKED_EQ'.split()]
flags = ['SECCOMP_FILTER_FLAG_' + f for f in 'TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV'.split()]
assert set(doc) == {'apiVersion', 'kind', 'metadata', 'spec'}, doc.keys()
assert doc['apiVersion'] == 'security-profiles-operator.x-k8s.io/v1' and doc['kind'] == 'SeccompProfile'
assert re.fullmatch('[a-z0-9]([-a-z0-9]*[a-z0-9])?', doc['metadata']['name']) and len(doc['metadata']['name']) < 64
spec = doc['spec']
assert set(spec) <= {'defaultAction', 'architectures', 'flags', 'syscalls'}, spec.keys()
assert spec['defaultAction'] in acts and spec['defaultAction'] != 'SCMP_ACT_NOTIFY'
for key, known in ('architectures', archs), ('flags', flags):
	v = spec.get(key, [])
	assert all(x in known for x in v) and len(set(v)) == len(v), v
for call in spec['syscalls']:
	assert set(call) <= {'names', 'action', 'errnoRet', 'args'} and call['action'] in acts
	assert call['names'] and all(type(n) is str for n in call['names']) and len(set(call['names'])) == len(call['names'])
	assert type(call.get('errnoRet', 1)) is int and 0 <= call.get('errnoRet', 1) <= 4095
	assert len(call.get('args', [])) <= 6
	for arg in call.get('args', []):
		assert set(arg) <= {'index', 'value', 'valueTwo', 'op'} and 0 <= arg['index'] <= 5 and arg['op'] in ops
		assert 0 <= arg.get('value', 0) < 2**63 and 0 <= arg.get('valueTwo', 0) < 2**63
	print('\n'.join(call['names']))

# scaudit: make deps, make, make demo, make test. README.md says what each is for.

VERSION := $(shell cat VERSION)
PREFIX ?= /usr/local
BUILD := build
PKGS := libseccomp sqlite3 json-c yaml-0.1
PKG_CONFIG ?= pkg-config
LIBS = $(shell $(PKG_CONFIG) --libs $(PKGS)) -laudit -lpthread -ldl -lm

# a line a file, V=1 for whole commands, -s for neither
ifeq ($(V),1)
say =
else
say = @$(if $(findstring s,$(firstword -$(MAKEFLAGS))),,printf '%-4s %s\n' $(1) $(2);)
endif

CFLAGS ?= -O3 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wwrite-strings \
	-Wcast-qual -Wundef
HARDEN := -fPIE -fstack-protector-strong
LDHARDEN := -pie -Wl,-z,relro,-z,now
ifdef SAN
# the sanitizers' build lives beside the other one
BUILD := build/san
CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
HARDEN := -fPIE
else
HARDEN += -D_FORTIFY_SOURCE=2 -flto=auto
endif
ifdef CI
WARN += -Werror
endif
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DSCAUDIT_VERSION='"$(VERSION)"' -I. -I$(BUILD) $(WARN) $(HARDEN) $(CFLAGS) $(CPPFLAGS)

SRC := $(sort $(shell find store ingest analyze cli -name "*.c"))
OBJ := $(SRC:%.c=$(BUILD)/%.o)
LIB_OBJ := $(filter-out $(BUILD)/cli/main.o,$(OBJ))
TESTS := $(patsubst tests/test_%.c,$(BUILD)/tests/test_%,$(wildcard tests/test_*.c))
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
PROGRAM := $(if $(SAN),$(BUILD)/scaudit,scaudit)

# what needs no library; `make deps demo` has them when it comes to demo
ifneq ($(filter deps,$(MAKECMDGOALS)),)
.NOTPARALLEL:
else
ifneq ($(if $(MAKECMDGOALS),$(filter-out deps clean layers,$(MAKECMDGOALS)),all),)
ifeq ($(shell $(PKG_CONFIG) --exists $(PKGS) && echo '#include <libaudit.h>' | $(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo yes),)
$(error libraries that scaudit is built with are missing: run `make deps` first)
endif
endif
endif

all: $(PROGRAM)

$(PROGRAM): $(OBJ)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDHARDEN) $(LDFLAGS) -o $@ $(OBJ) $(LIBS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# SQL as a C string, without its comments
$(BUILD)/%.sql.h: store/%.sql
	@mkdir -p $(@D)
	$(call say,GEN,$@)sed 's/--.*$$//; s/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< > $@
$(BUILD)/store/schema.o: $(BUILD)/schema.sql.h $(BUILD)/schema3.sql.h
$(BUILD)/store/older.o: $(BUILD)/older.sql.h
$(BUILD)/store/makers.o $(BUILD)/store/schema.o: $(BUILD)/index.sql.h

# every prepared statement, for the test that looks at their plans
$(BUILD)/stmt.h: $(wildcard store/*.c store/*/*.c) Makefile
	@mkdir -p $(@D)
	$(call say,GEN,$@)awk '/^STMT\(/ { on = 1 } on { ends = sub(/\);$$/, ")"); print } ends { on = ends = 0 }' $(filter %.c,$^) > $@
$(BUILD)/tests/test_store: $(BUILD)/stmt.h

-include $(OBJ:.o=.d) $(wildcard $(BUILD)/tests/*.d)

# ---- tests ----

$(BUILD)/tests/test_%: tests/test_%.c $(LIB_OBJ)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDHARDEN) -MMD -MP -o $@ $< $(BESIDE) $(filter %.o,$^) $(LIBS) -lcmocka

$(BUILD)/tests/test_fault: $(BUILD)/tests/fault_vfs.o $(BUILD)/tests/fault_main.o

# sources that only some tests need
DERIVE := $(addprefix tests/, derive_log.c derive_oracle.c derive_reading.c derive_texts.c table.c)
DERIVE_TESTS := $(addprefix $(BUILD)/tests/, test_derive test_steps test_tail)
$(DERIVE_TESTS): BESIDE := $(DERIVE)
$(DERIVE_TESTS): $(DERIVE)

# the readiness rule against models
$(BUILD)/simulate: bench/simulate.c $(LIB_OBJ)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDHARDEN) -MMD -MP -o $@ bench/simulate.c $(LIB_OBJ) $(LIBS)

# what the derivation costs, in memory
$(BUILD)/track: bench/track.c tests/table.c $(LIB_OBJ)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDHARDEN) -MMD -MP -o $@ bench/track.c tests/table.c $(LIB_OBJ) $(LIBS)

$(BUILD)/logrun $(BUILD)/nltail $(BUILD)/under: $(BUILD)/%: tests/kernel/%.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -std=c11 $(WARN) -O2 -o $@ $< -lseccomp

$(BUILD)/bpf: tests/proof/bpf.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -o $@ $< $(shell $(PKG_CONFIG) --cflags --libs libseccomp json-c)

$(BUILD)/fault.so: tests/fault.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O1 -fPIC -shared -o $@ $< -ldl

test: $(PROGRAM) $(TESTS) $(BUILD)/fault.so docs
	BUILD=$(BUILD) SCAUDIT=$(abspath $(PROGRAM)) tests/run $(TESTS)

KERNEL_TOOLS := $(BUILD)/logrun $(BUILD)/nltail $(BUILD)/under $(BUILD)/bpf
kernel-test: $(PROGRAM) $(KERNEL_TOOLS) # KERNEL_TESTS: names of some, such as "build wait"
	BUILD=$(BUILD) SCAUDIT=$(abspath $(PROGRAM)) tests/run --kernel $(KERNEL_TESTS)

proof: $(PROGRAM) $(KERNEL_TOOLS)
	BUILD=$(BUILD) SCAUDIT=$(abspath $(PROGRAM)) tests/proof/run

# with as many rounds as nobody waits for each time
long: export SCAUDIT_LONG = 1
long: test

# on all processors: nothing is timed under valgrind; a sum for each three
# but for two that start a process for each of their many cases; sanitizers run them, too
memcheck: $(PROGRAM) $(TESTS)
	@printf '%s\n' $(filter-out %/test_fault %/test_foreign,$(TESTS)) | JOBS=1 BUILD=$(BUILD) SCAUDIT=$(abspath $(PROGRAM)) xargs -P "$$(nproc)" -n 3 tests/run --valgrind

# small random changes of the sources: which share do the tests notice? Hours of processor time, so never in CI
MUTANTS ?= 60
mutants:
	tests/mutants --count $(MUTANTS)

print-libs:
	@echo $(LIBS)

fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZERS)

bench: $(PROGRAM)
	SCAUDIT=$(abspath $(PROGRAM)) bench/run

# ---- the rest ----

demo: $(PROGRAM)
	SCAUDIT=$(abspath $(PROGRAM)) BUILD=$(BUILD) samples/demo

deps:
	@tests/deps

# includes against the layering of ARCHITECTURE.md
layers:
	@tests/layers
	@tests/house

lint: layers $(BUILD)/stmt.h
	tests/format
	tests/lint

UNITS ?= $(PREFIX)/lib/systemd/system
install: $(PROGRAM) docs
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/scaudit
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(PAGES)
	install -D -m 644 $(BUILD)/completion/scaudit.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/scaudit
	install -D -m 644 $(BUILD)/completion/_scaudit $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_scaudit
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d $(BUILD)/completion/scaudit.fish
	install -d $(DESTDIR)$(UNITS)
	sed 's|/usr/local/bin|$(PREFIX)/bin|' deploy/scaudit-capture.service > $(DESTDIR)$(UNITS)/scaudit-capture.service
	chmod 644 $(DESTDIR)$(UNITS)/scaudit-capture.service

clean:
	rm -rf build scaudit

include packaging/package.mk

.PHONY: mutants print-libs all test long kernel-test proof memcheck fuzz bench demo deps layers lint install clean

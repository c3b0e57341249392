# Packages: make static, make dist, make deb, make arm64. Included by the Makefile.

# ---- one file that needs no library of the machine it runs on ----

comma := ,
STATIC := $(BUILD)/static/scaudit
STATIC_LIBS = $(shell $(PKG_CONFIG) --static --libs $(PKGS)) -laudit -lcap-ng
# of libarchive, what tar, zip and the filters need; where one is missing, all of it is left out, and that is said
PACKED := archive nettle lzma zstd lz4 bz2 z
PACKED_MISSING = $(strip $(foreach lib,$(PACKED),$(if $(filter /%,$(shell $(CC) -print-file-name=lib$(lib).a)),,lib$(lib).a)))
STATIC_PACKED = $(if $(PACKED_MISSING),,-DWITH_ARCHIVE $(PACKED:%=-l%))

static: $(STATIC)
	@printf 'static: %s, %s bytes; without journal%s\n' $(STATIC) "$$(stat -c %s $(STATIC))" \
		'$(if $(PACKED_MISSING),$(comma) and without packed input: $(PACKED_MISSING) is missing)'

# the functions that are looked for by name
$(BUILD)/static/archive_list.h: ingest/read/unpack.c
	@mkdir -p $(@D)
	@grep -oE '\{ "archive_[a-z0-9_]+"' $< | sed 's/.*"\(.*\)"/ARCHIVE(\1)/' > $@

$(STATIC): $(OBJ) packaging/static.c $(BUILD)/static/archive_list.h
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -static-pie -Wl,--wrap=dlopen -Wl,--wrap=dlsym -Wl,--wrap=dlclose -Wl,--wrap=dlerror -Wl,-z,relro,-z,now $(LDFLAGS) -s -o $@ $(OBJ) packaging/static.c $(STATIC_PACKED) $(STATIC_LIBS)

# ---- the sources: the same tree gives the same bytes ----

DIST := scaudit-$(VERSION)

dist:
	@VERSION=$(VERSION) packaging/dist $(BUILD)/$(DIST).tar.gz

deb:
	@VERSION=$(VERSION) packaging/deb $(BUILD)/deb

# ---- manual pages and completions, made of the tables of commands and options ----

GEN := $(BUILD)/gen
GEN_SRC := $(wildcard packaging/gen/*.c)
COMMANDS := $(shell sed -n 's/^COMMAND(\(.*\))$$/\1/p' cli/command_list.h)
PAGES := $(BUILD)/man/scaudit.1 $(COMMANDS:%=$(BUILD)/man/scaudit-%.1)
SHELLS := $(BUILD)/completion/scaudit.bash $(BUILD)/completion/_scaudit $(BUILD)/completion/scaudit.fish
# the day of the last release
DAY := $(shell cat packaging/day)

docs: $(PAGES) $(SHELLS)

# its own flags: it runs here, whatever the program is built for
$(GEN): $(GEN_SRC) packaging/gen/tables.h $(LIB_OBJ)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(LDHARDEN) $(LDFLAGS) -o $@ $(GEN_SRC) $(LIB_OBJ) $(LIBS)

$(BUILD)/man/scaudit.1: $(GEN) docs/man/scaudit.mdoc docs/man/options.mdoc packaging/day
	@mkdir -p $(@D)
	@$(GEN) man docs/man scaudit '$(DAY)' > $@.new && mv $@.new $@

$(BUILD)/man/scaudit-%.1: docs/man/%.mdoc $(GEN) docs/man/options.mdoc packaging/day
	@mkdir -p $(@D)
	@$(GEN) man docs/man $* '$(DAY)' > $@.new && mv $@.new $@

$(BUILD)/completion/scaudit.bash: $(GEN)
	@mkdir -p $(@D)
	@$(GEN) bash > $@.new && mv $@.new $@
$(BUILD)/completion/_scaudit: $(GEN)
	@mkdir -p $(@D)
	@$(GEN) zsh > $@.new && mv $@.new $@
$(BUILD)/completion/scaudit.fish: $(GEN)
	@mkdir -p $(@D)
	@$(GEN) fish > $@.new && mv $@.new $@

.PHONY: docs static dist deb

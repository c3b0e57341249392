# Packages: make static, make dist, make deb, make arm64. Included by the Makefile.

# ---- one file that needs no library of the machine it runs on ----

STATIC := $(BUILD)/static/scaudit
STATIC_LIBS = $(shell pkg-config --static --libs $(PKGS)) -laudit -lcap-ng

static: $(STATIC)
	@printf 'static: %s, %s bytes\n' $(STATIC) "$$(stat -c %s $(STATIC))"

$(STATIC): $(OBJ) packaging/static.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -static-pie -Wl,--wrap=dlopen -Wl,--wrap=dlsym -Wl,--wrap=dlclose -Wl,--wrap=dlerror -Wl,-z,relro,-z,now $(LDFLAGS) -s -o $@ $(OBJ) packaging/static.c $(STATIC_LIBS)

# ---- the sources: the same tree gives the same bytes ----

DIST := scaudit-$(VERSION)

dist:
	@VERSION=$(VERSION) packaging/dist $(BUILD)/$(DIST).tar.gz

deb:
	@VERSION=$(VERSION) packaging/deb $(BUILD)/deb

# ---- for 64-bit ARM, on another machine ----

# Libraries of that architecture are unpacked below build/arm64, by packaging/cross; nothing is installed.
arm64:
	@packaging/cross arm64

.PHONY: static dist deb arm64

# trueup: build, test, install. `make help` lists the targets; V=1 shows the commands.
MAKEFLAGS += -rR
.DELETE_ON_ERROR:
.SUFFIXES:

# Knobs: make CC=clang, make MODE=asan, make WERROR=1, make PREFIX=/usr
CC      = gcc
MODE    = release
WERROR  =
PREFIX  = /usr/local
V       =

Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n' $(1) $(2))

all: build/trueup ## build the executable at build/trueup

B := build/$(MODE)
PKGS := libgit2 yaml-0.1 jansson sqlite3 libcrypto
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wvla -Wundef -Wwrite-strings \
	-Wstrict-prototypes -Wmissing-prototypes -Wnull-dereference -Wswitch-enum
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -ftrivial-auto-var-init=zero -fPIE
LINK_HARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed

ifeq ($(MODE),release)
OPT := -O2 -g $(HARDEN)
LINK := $(LINK_HARDEN)
else ifeq ($(MODE),asan)
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LINK := -fsanitize=address,undefined
else ifeq ($(MODE),debug)
OPT := -O0 -g
LINK :=
else
$(error unknown MODE '$(MODE)': release, debug or asan)
endif

CPPFLAGS := -Isrc -I$(B)/gen -D_GNU_SOURCE $(PKG_CFLAGS)
CFLAGS   := -std=gnu17 $(OPT) $(WARN) $(if $(WERROR),-Werror)
LDLIBS   := $(PKG_LIBS) -lm

SRC  := $(filter-out src/cli/main.c,$(wildcard src/*/*.c))
OBJ  := $(SRC:src/%.c=$(B)/%.o) $(B)/gen/builtin_data.o
TEMPLATES := $(shell find templates -type f 2>/dev/null)
LIB  := $(B)/libtrueup.a
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/test_*.c))

# Everything is rebuilt when the flags change.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(LINK) $(LDLIBS)
ifneq ($(shell cat $(B)/flags 2>/dev/null),$(FLAGS))
$(shell mkdir -p $(B) && printf '%s\n' '$(FLAGS)' >$(B)/flags)
endif

$(B)/%.o: src/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# Resource types and templates are part of the executable. The list is a file of its own, so that
# a removed template counts as a change.
ifneq ($(shell cat $(B)/gen/templates 2>/dev/null || echo none),$(TEMPLATES))
$(shell mkdir -p $(B)/gen && printf '%s\n' '$(TEMPLATES)' >$(B)/gen/templates)
endif

$(B)/gen/builtin_data.c: src/render/embed.sh $(B)/gen/templates $(TEMPLATES)
	$(call say,EMBED,templates)
	$(Q)src/render/embed.sh templates >$@

$(B)/gen/builtin_data.o: $(B)/gen/builtin_data.c $(B)/flags
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# The SQL files are embedded by .incbin, which dependency files do not see.
$(B)/store/migrations.o: $(wildcard src/store/migrations/*.sql)

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/trueup: $(B)/cli/main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ $(LDLIBS) -o $@

build/trueup: $(B)/trueup
	$(Q)ln -sf $(MODE)/trueup $@

# Unit tests: one cmocka program per module.
$(B)/unit/%.o: tests/unit/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) -MMD -MP -c $< -o $@

$(UNIT): %: %.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ $(LDLIBS) -lcmocka -o $@

.SECONDARY:

unit: $(UNIT) ## build and run the unit tests
	$(Q)fail=0; for t in $(UNIT); do CMOCKA_MESSAGE_OUTPUT=TAP $$t >$$t.log 2>&1 || { fail=1; cat $$t.log; }; done; exit $$fail

help: ## list the targets
	$(Q)awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

clean: ## remove what was built
	$(Q)rm -rf build

.PHONY: all unit help clean
-include $(OBJ:.o=.d) $(UNIT:=.d) $(B)/cli/main.d

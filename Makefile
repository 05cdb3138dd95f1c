# trueup: build, test, install. `make help` lists the targets; V=1 shows the commands.
MAKEFLAGS += -rR
.DELETE_ON_ERROR:
.SUFFIXES:

# Knobs: make CC=clang, make MODE=asan, make WERROR=1, make PREFIX=/usr DESTDIR=/tmp/package
CC      = gcc
MODE    = release
WERROR  =
PREFIX  = /usr/local
DESTDIR =
V       =
# Tests at once, and seconds for each (a test may ask for more: "# timeout: N" in the script).
JOBS    = $(shell nproc)
TIMEOUT = 600
# make fuzz: FUZZ=yaml is one target, none is all of them; seconds for each.
FUZZ    =
TIME    = 60

Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n' $(1) $(2))

B := build/$(MODE)

# build/trueup is the release build; the other modes stay in their folder.
all: $(if $(filter release,$(MODE)),build/trueup,$(B)/trueup) ## build the executable, build/trueup

PKGS := libgit2 yaml-0.1 jansson sqlite3 libcrypto libseccomp
# Their headers only: they are loaded when they are first used (docs/decisions/0015).
LOADED := libsystemd libcurl libmicrohttpd
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) $(LOADED) 2>/dev/null)
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
else ifeq ($(MODE),ubsan)
OPT := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
LINK := -fsanitize=undefined
else ifeq ($(MODE),fuzz)
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
LINK := -fsanitize=fuzzer-no-link,address,undefined
else ifeq ($(MODE),coverage)
OPT := -O0 -g --coverage -fprofile-abs-path
LINK := --coverage
else ifeq ($(MODE),debug)
# What valgrind reads from both compilers.
OPT := -O0 -gdwarf-4
LINK :=
else
$(error unknown MODE '$(MODE)': release, debug, asan, ubsan, fuzz or coverage)
endif

CPPFLAGS := -Isrc -I$(B)/gen -D_GNU_SOURCE $(PKG_CFLAGS)
CFLAGS   := -std=gnu17 $(OPT) $(WARN) $(if $(WERROR),-Werror)
LDLIBS   := $(PKG_LIBS) -lm

SRC  := $(filter-out src/cli/main.c,$(wildcard src/*/*.c))
OBJ  := $(SRC:src/%.c=$(B)/%.o) $(B)/gen/builtin_data.o
TEMPLATES := $(shell find templates -type f 2>/dev/null)
LIB  := $(B)/libtrueup.a
UNIT := $(filter-out $(WITHOUT:%=$(B)/unit/%), \
	$(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/test_*.c)))
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAY := $(FUZZERS:%=$(B)/replay/%)
E2E  := $(sort $(wildcard tests/e2e/t[0-9]*.sh))
LINT := $(sort $(wildcard tests/lint/*.sh))
FORMATTED := $(wildcard src/*/*.[ch] tests/unit/*.h tests/unit/*/*.[ch] tests/tools/*.c \
	tests/bench/*.c tests/fuzz/*.[ch])

# Goals that compile nothing themselves: they work, and install, before the libraries are there.
LIGHT := help setup setup-test clean demo test asan ubsan valgrind coverage fuzz fmt fmt-check
ifneq ($(filter-out $(LIGHT),$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell pkg-config --exists $(PKGS) $(LOADED) 2>/dev/null && echo yes),yes)
$(error a library is missing: `make setup` installs what trueup is built with ($(PKGS) $(LOADED)))
endif
endif

# A list that is part of what is built: its file changes when, and only when, the list does.
keep_list = $(shell [ "$$(cat $(1) 2>/dev/null || echo none)" = '$(2)' ] || \
	{ mkdir -p $(dir $(1)) && printf '%s\n' '$(2)' >$(1); })

# Everything is rebuilt when the flags change.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(LINK) $(LDLIBS)
$(call keep_list,$(B)/flags,$(FLAGS))

$(B)/%.o: src/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# Resource types and templates are part of the executable. The list is a file of its own, so that
# a removed template counts as a change.
$(call keep_list,$(B)/gen/templates,$(TEMPLATES))

$(B)/gen/builtin_data.c: src/render/embed.sh $(B)/gen/templates $(TEMPLATES)
	$(call say,EMBED,templates)
	$(Q)src/render/embed.sh templates >$@

$(B)/gen/builtin_data.o: $(B)/gen/builtin_data.c $(B)/flags
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-overlength-strings -c $< -o $@

# The SQL files are embedded by .incbin, which dependency files do not see.
$(B)/store/migrations.o: $(wildcard src/store/migrations/*.sql)
$(B)/source/hooks.o: $(wildcard hooks/*)

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/trueup: $(B)/cli/main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ $(LDLIBS) -o $@

build/trueup: build/release/trueup
	$(Q)ln -sf release/trueup $@

# Unit tests: one cmocka program per module.
$(B)/unit/%.o: tests/unit/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests -Itests/unit $(CFLAGS) -MMD -MP -c $< -o $@

$(UNIT): %: %.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ $(LDLIBS) -lcmocka -o $@

# Fuzz targets: with libFuzzer (MODE=fuzz), and with a driver that replays a corpus (any mode).
$(B)/fuzz-obj/%.o: tests/fuzz/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(REPLAY): $(B)/replay/%: $(B)/fuzz-obj/fuzz_%.o $(B)/fuzz-obj/replay.o $(LIB)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ $(LDLIBS) -o $@

$(B)/fuzz/%: $(B)/fuzz-obj/fuzz_%.o $(LIB)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LINK) -fsanitize=fuzzer $^ $(LDLIBS) -o $@

# Programs that shell tests use beside the executable.
TOOLS := $(patsubst tests/tools/%.c,$(B)/tools/%,$(wildcard tests/tools/*.c))

$(B)/tools/%.o: tests/tools/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(TOOLS): %: %.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ $(LDLIBS) -o $@

tool-programs: $(TOOLS)

# Programs of the benchmarks: peers, and parts of trueup that no command does alone.
BENCHES := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))

$(B)/bench/%.o: tests/bench/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BENCHES): %: %.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ $(LDLIBS) -o $@

.SECONDARY:

setup: ## install the Debian packages that building needs and that are missing
	$(Q).make/setup.sh build

setup-test: ## the same for testing
	$(Q).make/setup.sh build test
	$(Q).make/setup-npm.sh

demo: setup ## build, then reconcile examples/shop in a new repository (ACCOUNT=... for a real one)
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)TRUEUP=$(CURDIR)/build/trueup ACCOUNT='$(ACCOUNT)' tests/demo/demo.sh

RUN = TRUEUP=$(CURDIR)/$(B)/trueup TRUEUP_BUILD=$(B) tests/run.sh -j $(JOBS) -t $(TIMEOUT)
BUILD = $(MAKE) --no-print-directory -j$(JOBS)

test: setup-test ## run every test; ends with "N passed, N failed, N skipped"
	$(Q)$(BUILD) all unit-programs tool-programs
	$(Q)$(BUILD) MODE=asan replay-programs
	$(Q)$(RUN) $(E2E) $(FUZZERS:%=build/asan/replay/%) $(LINT) $(UNIT)

unit-programs: $(UNIT)
	@:
replay-programs: $(REPLAY)
	@:

unit: $(UNIT) ## build and run the unit tests
	$(Q)$(RUN) $(UNIT)

# Unit tests that an end-to-end test runs in other circumstances.
AGAIN := $(filter %/test_isolate %/test_supervise %/test_forge_event,$(UNIT))

e2e: all tool-programs $(AGAIN) ## run the end-to-end tests (E2E=FILE: one of them)
	$(Q)$(RUN) $(E2E)

kill-test: all tool-programs ## kill trueup at POINTS=1000 instants, servers at LIFE_POINTS=100
	$(Q)KILL_POINTS=$(or $(POINTS),1000) TRUEUP=$(CURDIR)/$(B)/trueup TRUEUP_BUILD=$(B) \
		tests/run.sh -t 7200 tests/e2e/t0330-kill-anywhere.sh \
		tests/e2e/t0801-pull-kill.sh
	$(Q)KILL_POINTS=$(or $(LIFE_POINTS),100) TRUEUP=$(CURDIR)/$(B)/trueup TRUEUP_BUILD=$(B) \
		tests/run.sh -t 7200 tests/e2e/t0850-life.sh

burst-test: all tool-programs ## send BURST_WEBHOOKS=1000 at once, over BURST_REPOS=50 repositories
	$(Q)BURST_WEBHOOKS=$(or $(BURST_WEBHOOKS),1000) BURST_REPOS=$(or $(BURST_REPOS),50) \
		TRUEUP=$(CURDIR)/$(B)/trueup TRUEUP_BUILD=$(B) tests/e2e/t0705-serve-burst.sh

lint: all ## check style, layers, limits, documents
	$(Q)$(RUN) $(LINT)

asan ubsan: setup-test ## run the suite under a sanitizer
	$(Q)$(BUILD) MODE=$@ all unit-programs replay-programs tool-programs
	$(Q)$(MAKE) --no-print-directory MODE=$@ suite

suite: $(UNIT) $(REPLAY) $(TOOLS) $(B)/trueup
	$(Q)$(RUN) $(E2E) $(REPLAY) $(UNIT)

# Debian 12's valgrind does not know pidfd_open and openat2, which these stand on; the sanitizers
# cover them.
NOT_UNDER_VALGRIND := base/test_child base/test_fs base/test_loop \
	engine/test_job engine/test_terraform_run net/test_http_tls reconcile/test_load \
	reconcile/test_run_spec runbook/test_isolate runbook/test_supervise \
	runbook/test_validate source/test_folder source/test_git
valgrind: setup-test ## run the unit tests under valgrind
	$(Q)$(BUILD) MODE=debug unit-programs
	$(Q)TRUEUP_WRAP='valgrind -q --error-exitcode=99 --leak-check=full' \
		$(MAKE) --no-print-directory MODE=debug WITHOUT='$(NOT_UNDER_VALGRIND)' unit

coverage: setup-test ## run the suite and report line coverage (with gcovr, when it is there)
	$(Q)$(BUILD) MODE=coverage all unit-programs replay-programs tool-programs
	$(Q)find build/coverage -name '*.gcda' -delete
	$(Q)$(MAKE) --no-print-directory MODE=coverage suite
	$(Q).make/coverage.sh build/coverage

fuzz: setup-test ## fuzz with libFuzzer: FUZZ=yaml TIME=60 (no FUZZ: every target)
	$(Q)$(BUILD) MODE=fuzz CC=clang $(patsubst %,build/fuzz/fuzz/%,$(or $(FUZZ),$(FUZZERS)))
	$(Q)tests/fuzz/fuzz.sh $(TIME) $(or $(FUZZ),$(FUZZERS))

MEASURE = TRUEUP=$(CURDIR)/$(B)/trueup BENCH=$(CURDIR)/$(B)/bench tests/bench/run.sh

bench: all $(BENCHES) ## measure and print the table of targets
	$(Q)$(MEASURE)

bench-record: all $(BENCHES) ## measure and write docs/benchmarks.md
	$(Q)$(MEASURE) --record

# What is generated from the executable's own tables.
man: all ## write the man pages to build/man
	$(Q)rm -rf build/man && mkdir -p build/man && build/trueup internal-man build/man

completions: all ## write the shell completions to build/completions
	$(Q)mkdir -p build/completions
	$(Q)build/trueup internal-completion bash >build/completions/trueup
	$(Q)build/trueup internal-completion zsh >build/completions/_trueup
	$(Q)build/trueup internal-completion fish >build/completions/trueup.fish

schemas: all ## write schemas/*.json and docs/specs.md from the field tables
	$(Q)build/trueup internal-schemas schemas
	$(Q)build/trueup internal-reference >docs/specs.md

regen: all schemas ## renew generated documents and golden files; look at the diff
	$(Q)build/trueup internal-commands >docs/commands.md
	$(Q)TRUEUP_REGEN=1 $(MAKE) --no-print-directory unit
	$(Q)git diff --stat

fmt: ## format the sources
	$(Q)clang-format -i $(FORMATTED)

fmt-check: ## say which sources are not formatted
	$(Q)tests/lint/format.sh

install: all man completions ## install under PREFIX (default /usr/local), below DESTDIR
	$(Q).make/install.sh '$(DESTDIR)' '$(PREFIX)'

uninstall: ## remove what install put there
	$(Q).make/install.sh --remove '$(DESTDIR)' '$(PREFIX)'

help: ## list the targets
	$(Q)awk -F':.*## ' '/^[a-z0-9 -]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' \
		$(firstword $(MAKEFILE_LIST))

clean: ## remove what was built
	$(Q)rm -rf build

.PHONY: all kill-test burst-test setup setup-test demo test tool-programs unit-programs \
	replay-programs unit e2e lint asan ubsan suite valgrind coverage fuzz bench bench-record \
	man completions schemas regen fmt fmt-check install uninstall help clean
-include $(OBJ:.o=.d) $(TOOLS:=.d) $(BENCHES:=.d) $(UNIT:=.d) $(B)/cli/main.d \
	$(wildcard $(B)/fuzz-obj/*.d)

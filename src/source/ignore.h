/*
 * `.trueupignore`: which paths below the spec root are hidden, in gitignore syntax (gitignore(5)):
 * one pattern a line, "#" comments, "!" to see again, a trailing "/" for folders only, a "/"
 * elsewhere anchors at the root, "**" spans folders. As in git, nothing below a hidden folder can
 * be seen again. One file, at the spec root.
 */
#ifndef TRUEUP_SOURCE_IGNORE_H
#define TRUEUP_SOURCE_IGNORE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct ignore_rule;

/* Zero-initialised: hides nothing. Lives in the arena it was parsed into. */
struct ignore {
	struct ignore_rule *rules;
	size_t count;
};

enum {
	IGNORE_MAX_BYTES = 64 * 1024,
	IGNORE_MAX_RULES = 1000, /* further lines are not looked at */
};

void ignore_parse(const char *text, size_t len, struct arena *arena, struct ignore *ret);

/*
 * Is this very path, which is not empty, hidden by a rule? Folders above it are not looked at: a
 * walk asks for each folder on its way down.
 */
bool ignore_matches(const struct ignore *ignore, const char *path, bool is_dir);
/* The same with every folder above it asked first. */
bool ignore_hides(const struct ignore *ignore, const char *path, bool is_dir);

#endif

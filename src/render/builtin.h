/*
 * Files compiled into the executable: everything under templates/, by its path below that folder
 * ("resources/rds/type.yaml"). The bytes are followed by a NUL and live as long as the program.
 */
#ifndef TRUEUP_RENDER_BUILTIN_H
#define TRUEUP_RENDER_BUILTIN_H

#include <stddef.h>

struct builtin {
	const char *name;
	const char *data;
	size_t len;
};

/* All of them, sorted by name; ends with an entry whose name is NULL. */
extern const struct builtin builtin_files[];

/* NULL if there is none of this name. */
const struct builtin *builtin_file(const char *name);

#endif

#include "daemon/ask.h"

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "format/emit.h"
#include "format/node.h"

#include <string.h>

#define PULL "pull/"

const char *ask_pull_subject(struct arena *arena, int64_t number)
{
	return arena_printf(arena, PULL "%lld", (long long)number);
}

int64_t ask_pull_number(const char *subject)
{
	const size_t len = strlen(PULL);
	int64_t number = 0;
	if (!str_starts(subject, PULL) ||
		!num_parse_i64(subject + len, strlen(subject + len), &number))
		return 0;
	return number;
}

const char *ask_comment_payload(struct arena *arena, const struct ask_comment *comment)
{
	AUTO_STR text = STR_INIT;
	struct node *map = node_new_map(arena);
	const char *const pairs[][2] = {{"id", comment->id}, {"author", comment->author},
		{"body", comment->body}, {"deleted", comment->deleted ? "yes" : NULL}};
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (pairs[i][1])
			node_map_set(arena, map, pairs[i][0], node_new_string(arena, pairs[i][1]));
	emit_canonical(map, &text);
	return arena_strdup(arena, text.data);
}

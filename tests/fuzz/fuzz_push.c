/*
 * What git hands to a hook. First line: a list of object folders, as in
 * GIT_ALTERNATE_OBJECT_DIRECTORIES. The rest: standard input of pre-receive. Refs that are read
 * have names that can be printed and looked up, and ids that are ids; a list comes to its end.
 */
#include "base/err.h"
#include "base/str.h"
#include "reconcile/push.h"
#include "source/quarantine.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_id(const char *id)
{
	if (id && ((strlen(id) != 40 && strlen(id) != 64) ||
			  strspn(id, "0123456789abcdef") != strlen(id)))
		abort();
}

static void check_dirs(const char *text, size_t len)
{
	AUTO_STR list = STR_INIT;
	str_addn(&list, text, len);
	const char *rest = list.data;
	while (rest) {
		AUTO_STR dir = STR_INIT;
		const char *next = source_next_object_dir(rest, &dir);
		if (next && (next <= rest || next > list.data + list.len || dir.len > list.len))
			abort();
		rest = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct push push = {0};
	const char *text = (const char *)data;
	const char *nl = size ? memchr(text, '\n', size) : NULL;
	const size_t first = nl ? (size_t)(nl - text) : size;
	check_dirs(text, first);
	const size_t start = nl ? first + 1 : size;
	if (push_parse(text + start, size - start, &arena, &push, &err) < 0)
		return 0;
	for (size_t i = 0; i < push.count; i++) {
		const struct push_ref *ref = &push.refs[i];
		check_id(ref->old_id);
		check_id(ref->new_id);
		if (!str_starts(ref->name, "refs/") || strpbrk(ref->name, " \n\x1b\\") ||
			strstr(ref->name, "..") || (ref->branch && !*ref->branch))
			abort();
	}
	return 0;
}

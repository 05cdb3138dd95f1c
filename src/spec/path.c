/* Which files are specs: by place and name, and by a look at the text. */
#include "spec/spec.h"

#include "base/str.h"

#include <string.h>

static bool is_document(const char *path)
{
	return str_ends(path, ".yaml") || str_ends(path, ".yml") || str_ends(path, ".json");
}

static const struct {
	const char *folder;
	enum spec_path_class class;
} folders[] = {
	{"roles/", SPEC_PATH_ROLES},
	{"canvases/", SPEC_PATH_CANVASES},
	{"runs/", SPEC_PATH_RUNS},
	{"requests/", SPEC_PATH_REQUESTS},
};

bool spec_path_is_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash ? slash[1] == '.' : path[0] == '.')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		const size_t len = strlen(folders[i].folder) - 1;
		if (!strncmp(path, folders[i].folder, len) &&
			(path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

enum spec_path_class spec_path_class(const char *path)
{
	static const char runbooks[] = "runbooks/";
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	if (base[0] == '.')
		return SPEC_PATH_IGNORED;
	/* What lies in folders of runbooks/ belongs to the runbooks there. */
	if (str_ends(path, ".md"))
		return str_starts(path, runbooks) && base == path + sizeof runbooks - 1
			       ? SPEC_PATH_RUNBOOKS
			       : SPEC_PATH_IGNORED;
	if (!is_document(path))
		return SPEC_PATH_IGNORED;
	if (str_eq(path, "trueup.yaml") || str_eq(path, "trueup.yml") ||
		str_eq(path, "trueup.json"))
		return SPEC_PATH_CONFIG;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (str_starts(path, folders[i].folder))
			return folders[i].class;
	return SPEC_PATH_ELSEWHERE;
}

static const char *skip(const char *p, const char *end, const char *set)
{
	while (p < end && *p && strchr(set, *p))
		p++;
	return p;
}

static const char *skip_quote(const char *p, const char *end)
{
	return p < end && (*p == '"' || *p == '\'') ? p + 1 : p;
}

/* After "apiVersion": blanks, a quote that may close the key, a colon, blanks, a quote. */
static bool value_is_ours(const char *p, const char *end)
{
	p = skip(skip_quote(p, end), end, " \t");
	if (p == end || *p++ != ':')
		return false;
	p = skip_quote(skip(p, end, " \t\r\n"), end);
	return (size_t)(end - p) >= 7 && memcmp(p, "trueup/", 7) == 0;
}

/* Is this where a key of the document's own map can stand: a line's start, or after { or , ? */
static bool at_top(const char *data, const char *p)
{
	while (p > data && (p[-1] == '"' || p[-1] == '\''))
		p--;
	if (p == data || p[-1] == '\n' || (p - data == 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0))
		return true;
	while (p > data && strchr(" \t\r\n", p[-1]))
		p--;
	return p == data || p[-1] == '{' || p[-1] == ',';
}

bool spec_sniff(const char *data, size_t len)
{
	static const char key[] = "apiVersion";
	const char *p = data, *end = data + len;
	while ((p = memmem(p, (size_t)(end - p), key, sizeof key - 1))) {
		if (at_top(data, p) && value_is_ours(p + sizeof key - 1, end))
			return true;
		p += sizeof key - 1;
	}
	return false;
}

/*
 * gitignore patterns without a repository: libgit2 applies its rules together with .gitignore and
 * the user's own excludes, which must not hide specs. Patterns are cut into folder names once; a
 * name is matched by fnmatch(3), which has the same syntax, and "**" by trying every depth with a
 * small table instead of recursion.
 */
#include "source/ignore.h"

#include "base/mem.h"
#include "base/str.h"

#include <fnmatch.h>
#include <string.h>

enum { MAX_PARTS = 64, MAX_PATH_PARTS = 128 };

struct ignore_rule {
	const char **parts; /* "**" stands for any number of folders */
	size_t count;
	bool again; /* "!": seen again */
	bool dir_only; /* "/" at the end */
};

static bool is_globstar(const char *part)
{
	return str_eq(part, "**");
}

/* Blanks at the end do not count unless escaped. */
static size_t trimmed(const char *line, size_t len)
{
	if (len && line[len - 1] == '\r')
		len--;
	while (len && line[len - 1] == ' ' && !(len > 1 && line[len - 2] == '\\'))
		len--;
	return len;
}

static void add_part(struct arena *arena, struct ignore_rule *rule, const char *text, size_t len)
{
	/* "**" twice in a row says no more than once. */
	if (len == 2 && memcmp(text, "**", 2) == 0 && rule->count &&
		is_globstar(rule->parts[rule->count - 1]))
		return;
	rule->parts[rule->count++] = arena_memdup(arena, text, len);
}

/* Cuts a pattern at its slashes; false if it has too many parts. */
static bool add_parts(struct arena *arena, struct ignore_rule *rule, const char *text, size_t len)
{
	while (len) {
		const char *slash = memchr(text, '/', len);
		const size_t part = slash ? (size_t)(slash - text) : len;
		if (rule->count == MAX_PARTS)
			return false;
		if (part)
			add_part(arena, rule, text, part);
		text += part + (slash != NULL);
		len -= part + (slash != NULL);
	}
	return true;
}

/* False: the line holds no rule. */
static bool parse_line(const char *line, size_t len, struct arena *arena, struct ignore_rule *ret)
{
	*ret = (struct ignore_rule){0};
	len = trimmed(line, len);
	if (!len || line[0] == '#' || memchr(line, '\0', len))
		return false;
	if (line[0] == '!') {
		ret->again = true;
		line++;
		len--;
	}
	if (len && line[len - 1] == '/') {
		ret->dir_only = true;
		len--;
	}
	if (!len)
		return false;
	ret->parts = arena_array(arena, MAX_PARTS + 1, sizeof *ret->parts);
	/* Without a slash inside, a pattern is good at every depth. */
	if (!memchr(line, '/', len))
		add_part(arena, ret, "**", 2);
	return add_parts(arena, ret, line, len);
}

void ignore_parse(const char *text, size_t len, struct arena *arena, struct ignore *ret)
{
	*ret = (struct ignore){0};
	size_t cap = 0;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	while (len && ret->count < IGNORE_MAX_RULES) {
		const char *newline = memchr(text, '\n', len);
		const size_t line = newline ? (size_t)(newline - text) : len;
		struct ignore_rule rule;
		if (parse_line(text, line, arena, &rule)) {
			ret->rules =
				arena_grow(arena, ret->rules, ret->count, &cap, sizeof *ret->rules);
			ret->rules[ret->count++] = rule;
		}
		text += line + (newline != NULL);
		len -= line + (newline != NULL);
	}
}

/*
 * reach[j]: the parts of the pattern so far match the first j names. One pass for each part, so
 * the time is the product of the two lengths whatever the pattern.
 */
static bool rule_matches(const struct ignore_rule *rule, char *const *names, size_t count)
{
	bool reach[MAX_PATH_PARTS + 1] = {true};
	for (size_t i = 0; i < rule->count; i++) {
		const bool last = i + 1 == rule->count;
		if (is_globstar(rule->parts[i])) {
			/* At the end it stands for what is inside, not for the folder itself. */
			bool seen = false;
			for (size_t j = 0; j <= count; j++) {
				const bool here = reach[j];
				reach[j] = last ? seen : seen || here;
				seen = seen || here;
			}
			continue;
		}
		for (size_t j = count; j > 0; j--)
			reach[j] = reach[j - 1] && fnmatch(rule->parts[i], names[j - 1], 0) == 0;
		reach[0] = false;
	}
	return reach[count];
}

/* Splits in place; false if there are too many parts. */
static bool split(char *path, char **ret_names, size_t *ret_count)
{
	*ret_count = 0;
	for (char *p = path; *p;) {
		if (*ret_count == MAX_PATH_PARTS)
			return false;
		ret_names[(*ret_count)++] = p;
		char *slash = strchr(p, '/');
		if (!slash)
			break;
		*slash = '\0';
		p = slash + 1;
	}
	return true;
}

static bool names_match(const struct ignore *ignore, char *const *names, size_t count, bool is_dir)
{
	/* The last rule that matches decides. */
	for (size_t i = ignore->count; i-- > 0;) {
		const struct ignore_rule *rule = &ignore->rules[i];
		if ((is_dir || !rule->dir_only) && rule_matches(rule, names, count))
			return !rule->again;
	}
	return false;
}

bool ignore_matches(const struct ignore *ignore, const char *path, bool is_dir)
{
	if (!ignore->count)
		return false;
	AUTO_FREE char *copy = xstrdup(path);
	char *names[MAX_PATH_PARTS];
	size_t count;
	return split(copy, names, &count) && names_match(ignore, names, count, is_dir);
}

bool ignore_hides(const struct ignore *ignore, const char *path, bool is_dir)
{
	if (!ignore->count)
		return false;
	AUTO_FREE char *copy = xstrdup(path);
	char *names[MAX_PATH_PARTS];
	size_t count;
	if (!split(copy, names, &count))
		return false;
	for (size_t i = 1; i <= count; i++)
		if (names_match(ignore, names, i, i < count || is_dir))
			return true;
	return false;
}

/*
 * A zone is a table of past changes and a rule for all times after them. Both come from a TZif
 * file: the table from its data block (the 64-bit one, if there is one), the rule from the line at
 * its end. Files are read as hostile: every count is checked against what is there.
 */
#include "base/zone.h"

#include "base/calendar.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/zone_rule.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>

#define ZONE_DIR "/usr/share/zoneinfo"

enum { FILE_LIMIT = 1 << 20, NAME_LIMIT = 64, MAX_SUGGESTIONS = 1024 };
/* RFC 8536 §3.2: an offset is more than -25 hours and less than 26. */
enum { OFFSET_MIN = -89999, OFFSET_MAX = 93599 };

struct change {
	int64_t at;
	int32_t offset;
};

struct zone {
	struct change *changes;
	size_t count;
	int32_t first; /* offset before the first change */
	bool has_rule;
	struct zone_rule rule;
};

/* A data block of a file: the counts of its header, and where its arrays start. */
struct block {
	uint32_t utc_flags, std_flags, leaps, times, types, chars;
	size_t start; /* of the times */
	size_t end;
	size_t width; /* bytes of a time */
};

struct file {
	const char *name;
	const unsigned char *data;
	size_t len;
};

static uint32_t read_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_time(const unsigned char *p, size_t width)
{
	if (width == 4)
		return (int32_t)read_u32(p);
	return (int64_t)((uint64_t)read_u32(p) << 32 | read_u32(p + 4));
}

static int damaged(const struct file *f, const char *what, struct err **err)
{
	return err_set(err, ERR_CORRUPT,
		"the time zone '%s' cannot be read: %s (install the package tzdata again)", f->name,
		what);
}

enum { HEADER_SIZE = 44 };

/* The header at offset at and the borders of its block; width is that of this block's times. */
static int read_header(
	const struct file *f, size_t at, size_t width, struct block *ret, struct err **err)
{
	if (f->len < at || f->len - at < HEADER_SIZE || memcmp(f->data + at, "TZif", 4) != 0)
		return damaged(f, "it is not a time zone file", err);
	const unsigned char *p = f->data + at + 20;
	*ret = (struct block){
		.utc_flags = read_u32(p),
		.std_flags = read_u32(p + 4),
		.leaps = read_u32(p + 8),
		.times = read_u32(p + 12),
		.types = read_u32(p + 16),
		.chars = read_u32(p + 20),
		.start = at + HEADER_SIZE,
		.width = width,
	};
	const uint64_t size = (uint64_t)ret->times * (width + 1) + (uint64_t)ret->types * 6 +
			      ret->chars + (uint64_t)ret->leaps * (width + 4) + ret->std_flags +
			      ret->utc_flags;
	if (size > f->len - ret->start)
		return damaged(f, "it is cut off", err);
	if (ret->types == 0 || ret->types > 256)
		return damaged(f, "it has no kind of local time", err);
	ret->end = ret->start + (size_t)size;
	return 0;
}

static int read_changes(
	const struct file *f, const struct block *b, struct zone *z, struct err **err)
{
	const unsigned char *times = f->data + b->start;
	const unsigned char *kinds = times + (size_t)b->times * b->width;
	const unsigned char *types = kinds + b->times;
	for (uint32_t i = 0; i < b->types; i++) {
		const int32_t offset = (int32_t)read_u32(types + (size_t)i * 6);
		if (offset < OFFSET_MIN || offset > OFFSET_MAX)
			return damaged(f, "an offset from UTC is over a day", err);
	}
	z->first = (int32_t)read_u32(types);
	z->changes = xcalloc((size_t)b->times + 1, sizeof *z->changes);
	for (uint32_t i = 0; i < b->times; i++) {
		const int64_t at = read_time(times + (size_t)i * b->width, b->width);
		if (i > 0 && at <= z->changes[i - 1].at)
			return damaged(f, "its changes are not in order", err);
		if (kinds[i] >= b->types)
			return damaged(f, "a change leads to no kind of local time", err);
		z->changes[i].at = at;
		z->changes[i].offset = (int32_t)read_u32(types + (size_t)kinds[i] * 6);
	}
	z->count = b->times;
	return 0;
}

/* The line at the end of a file of version 2 or later; an empty one means that there is no rule. */
static int read_footer(const struct file *f, size_t at, struct zone *z, struct err **err)
{
	const unsigned char *p = f->data + at;
	const size_t left = f->len - at;
	const unsigned char *end = left > 1 ? memchr(p + 1, '\n', left - 1) : NULL;
	if (left == 0 || *p != '\n' || !end)
		return damaged(f, "its last line is missing", err);
	if (end == p + 1)
		return 0;
	AUTO_FREE char *text = xstrndup((const char *)p + 1, (size_t)(end - p - 1));
	if (!zone_rule_parse(text, &z->rule))
		return damaged(f, "its rule for the future is not understood", err);
	z->has_rule = true;
	return 0;
}

int zone_read(const char *name, const void *data, size_t len, struct zone **ret, struct err **err)
{
	const struct file f = {name, data, len};
	struct block b;
	if (read_header(&f, 0, 4, &b, err) < 0)
		return -1;
	const bool second = f.data[4] >= '2';
	if (second && read_header(&f, b.end, 8, &b, err) < 0)
		return -1;
	AUTO_ZONE *z = xcalloc(1, sizeof *z);
	if (read_changes(&f, &b, z, err) < 0 || (second && read_footer(&f, b.end, z, err) < 0))
		return -1;
	*ret = steal_ptr(z);
	return 0;
}

int zone_from_rule(const char *rule, struct zone **ret, struct err **err)
{
	AUTO_ZONE *z = xcalloc(1, sizeof *z);
	if (!zone_rule_parse(rule, &z->rule))
		return err_set(err, ERR_INVALID, "'%s' is not a rule of a time zone", rule);
	z->has_rule = true;
	z->first = z->rule.standard;
	*ret = steal_ptr(z);
	return 0;
}

void zone_free(struct zone **zone)
{
	if (*zone)
		free_ptr(&(*zone)->changes);
	free_ptr(zone);
	*zone = NULL;
}

/* Letters, digits and "_+-" in parts divided by "/": such a name cannot leave the folder. */
static bool is_name(const char *name)
{
	const size_t len = strlen(name);
	if (len == 0 || len > NAME_LIMIT || name[0] == '/' || name[len - 1] == '/')
		return false;
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)name[i];
		if (!isalnum(c) && !strchr("_+-/", c))
			return false;
		if (c == '/' && name[i + 1] == '/')
			return false;
	}
	return true;
}

/* Appends what the folder of name holds to names, as full names ("Europe/Berlin"). */
static size_t list_names(const char *area, char **names, size_t count)
{
	AUTO_FREE char *path = *area ? path_join(ZONE_DIR, area) : xstrdup(ZONE_DIR);
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && count < MAX_SUGGESTIONS && (e = readdir(dir));)
		if (isupper((unsigned char)e->d_name[0]))
			names[count++] = path_join(area, e->d_name);
	if (dir)
		(void)closedir(dir);
	return count;
}

static int no_such_zone(const char *name, struct err **err)
{
	if (!fs_is_dir(ZONE_DIR))
		return err_set(err, ERR_UNAVAILABLE,
			"this machine has no time zones (%s is not there): install the package "
			"tzdata",
			ZONE_DIR);
	const char *slash = is_name(name) ? strrchr(name, '/') : NULL;
	AUTO_FREE char *area = slash ? xstrndup(name, (size_t)(slash - name)) : xstrdup("");
	AUTO_FREE char **names = xcalloc(MAX_SUGGESTIONS + 1, sizeof *names);
	size_t count = list_names(area, names, 0);
	if (count == 0)
		count = list_names("", names, 0);
	const char *near = str_nearest(name, (const char *const *)names);
	const int rc = near ? err_set(err, ERR_INVALID,
				      "there is no time zone '%s': did you mean '%s'?", name, near)
			    : err_set(err, ERR_INVALID,
				      "there is no time zone '%s': names are those of the tz "
				      "database, as Europe/Berlin or UTC",
				      name);
	for (size_t i = 0; i < count; i++)
		free_ptr(&names[i]);
	return rc;
}

int zone_open(const char *name, struct zone **ret, struct err **err)
{
	if (strcmp(name, "UTC") == 0)
		return zone_from_rule("UTC0", ret, err);
	AUTO_FREE char *path = path_join(ZONE_DIR, name);
	if (!is_name(name) || !fs_exists(path) || fs_is_dir(path))
		return no_such_zone(name, err);
	AUTO_STR data = STR_INIT;
	if (fs_read(path, FILE_LIMIT, &data, err) < 0)
		return err_wrap(err, "read the time zone '%s'", name);
	return zone_read(name, data.data, data.len, ret, err);
}

/* Index of the last change that is not after t; -1 if all are. */
static int64_t last_change(const struct zone *z, int64_t t)
{
	size_t low = 0, high = z->count;
	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		if (z->changes[mid].at <= t)
			low = mid + 1;
		else
			high = mid;
	}
	return (int64_t)low - 1;
}

struct zone_span zone_span_at(const struct zone *z, int64_t t)
{
	struct zone_span span = {INT64_MIN, INT64_MAX, z->first, z->first};
	const int64_t i = last_change(z, t);
	if (i >= 0) {
		span.from = z->changes[i].at;
		span.offset = z->changes[i].offset;
		span.before = i > 0 ? z->changes[i - 1].offset : z->first;
	}
	if (i + 1 < (int64_t)z->count) {
		span.until = z->changes[i + 1].at;
		return span;
	}
	if (!z->has_rule)
		return span;
	const struct zone_span ruled = zone_rule_span_at(&z->rule, t);
	span.until = ruled.until;
	span.offset = ruled.offset;
	if (ruled.from > span.from) {
		span.from = ruled.from;
		span.before = ruled.before;
	}
	return span;
}

/*
 * Reading what forges say. Answers and deliveries are hostile: every field may be missing or of
 * another type, and then counts as not there.
 */
#include "base/calendar.h"
#include "base/num.h"
#include "base/str.h"
#include "report/forge_internal.h"

#include <stdarg.h>
#include <string.h>

void forge_set_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	if (text)
		node_map_set(a, map, key, node_new_string(a, text));
}

struct node *forge_body(struct arena *a, const char *text)
{
	struct node *body = node_new_map(a);
	forge_set_text(a, body, "body", text);
	return body;
}

const char *forge_text(const struct node *map, const char *key, struct arena *arena)
{
	const struct node *n = node_get(map, key);
	return n && n->type == NODE_STRING ? arena_memdup(arena, n->text, n->len) : NULL;
}

int64_t forge_int(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	return n && n->type == NODE_INT ? n->integer : 0;
}

bool forge_bool(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	return n && n->type == NODE_BOOL && n->boolean;
}

const struct node *forge_at(const struct node *map, ...)
{
	va_list names;
	va_start(names, map);
	const char *name;
	while ((name = va_arg(names, const char *)))
		map = node_get(map, name);
	va_end(names);
	return map;
}

const char *forge_id(const struct node *map, const char *key, struct arena *arena)
{
	const struct node *n = node_get(map, key);
	if (n && n->type == NODE_INT)
		return arena_printf(arena, "%lld", (long long)n->integer);
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	/* It becomes a part of a path. */
	const char *text = forge_text(map, key, arena);
	return text && *text && !text[strspn(text, allowed)] ? text : NULL;
}

const char *forge_sha(const struct node *map, const char *key, struct arena *arena)
{
	const struct node *n = node_get(map, key);
	if (!n || n->type != NODE_STRING || (n->len != 40 && n->len != 64))
		return NULL;
	bool zero = true;
	for (size_t i = 0; i < n->len; i++) {
		if (!strchr("0123456789abcdef", n->text[i]) || !n->text[i])
			return NULL;
		zero = zero && n->text[i] == '0';
	}
	return zero ? NULL : arena_memdup(arena, n->text, n->len);
}

/* Reads count digits; false when there are others. */
static bool digits(const char **at, const char *end, size_t count, int64_t *ret)
{
	if ((size_t)(end - *at) < count || **at == '-')
		return false;
	if (!num_parse_i64(*at, count, ret))
		return false;
	*at += count;
	return true;
}

static bool skip(const char **at, const char *end, const char *any_of)
{
	if (*at == end || !**at || !strchr(any_of, **at))
		return false;
	++*at;
	return true;
}

/* "Z", "+02:00", " UTC", " +0200" or nothing: seconds east of Greenwich. */
static bool read_offset(const char *at, const char *end, int64_t *ret)
{
	*ret = 0;
	(void)skip(&at, end, " ");
	if (at == end || *at == 'Z' || *at == 'z' || *at == 'U')
		return true;
	const int64_t sign = *at == '-' ? -1 : 1;
	int64_t hours, minutes;
	if (!skip(&at, end, "+-") || !digits(&at, end, 2, &hours))
		return false;
	(void)skip(&at, end, ":");
	if (!digits(&at, end, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret = sign * (hours * 3600 + minutes * 60);
	return true;
}

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, FIELDS };

/* "2026-11-22T08:01:02", the T may be a blank. */
static bool read_fields(const char **at, const char *end, int64_t ret[FIELDS])
{
	static const struct {
		size_t digits;
		const char *behind;
		int64_t low, high;
	} fields[FIELDS] = {
		[YEAR] = {4, "-", 1970, 9999},
		[MONTH] = {2, "-", 1, 12},
		[DAY] = {2, "Tt ", 1, 31},
		[HOUR] = {2, ":", 0, 23},
		[MINUTE] = {2, ":", 0, 59},
		[SECOND] = {2, NULL, 0, 60},
	};
	for (int i = 0; i < FIELDS; i++) {
		if (!digits(at, end, fields[i].digits, &ret[i]) || ret[i] < fields[i].low ||
			ret[i] > fields[i].high)
			return false;
		if (fields[i].behind && !skip(at, end, fields[i].behind))
			return false;
	}
	return ret[DAY] <= calendar_days_in_month(ret[YEAR], (int)ret[MONTH]);
}

int64_t forge_time(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	if (!n || n->type != NODE_STRING)
		return 0;
	const char *at = n->text, *end = n->text + n->len;
	int64_t field[FIELDS], fraction = 0, offset;
	if (!read_fields(&at, end, field))
		return 0;
	if (skip(&at, end, ".")) {
		int64_t unit = 100, digit;
		for (; digits(&at, end, 1, &digit); unit /= 10)
			fraction += digit * unit;
	}
	if (!read_offset(at, end, &offset))
		return 0;
	const int64_t days = calendar_day((struct calendar_date){
		.year = field[YEAR], .month = (int)field[MONTH], .day = (int)field[DAY]});
	const int64_t seconds = days * SECONDS_OF_DAY + field[HOUR] * 3600 + field[MINUTE] * 60 +
				field[SECOND] - offset;
	return seconds * 1000 + fraction;
}

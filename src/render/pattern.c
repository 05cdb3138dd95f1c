/* Regular expressions of config keys, compiled late because most of them are never asked. */
#include "render/pattern.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <stdint.h>
#include <string.h>

static bool take(const char **at, const char *word)
{
	if (!str_starts(*at, word))
		return false;
	*at += strlen(word);
	return true;
}

static bool take_number(const char **at, size_t *ret)
{
	const size_t digits = strspn(*at, "0123456789");
	int64_t n;
	if (!num_parse_i64(*at, digits, &n))
		return false;
	*at += digits;
	*ret = (size_t)n;
	return true;
}

/*
 * A list of ASCII characters in brackets (regex(7)): no classes, no negation, "]" first and "-"
 * last if at all. Anything else is for regcomp().
 */
static bool take_list(const char **at, struct pattern *p)
{
	const char *c = *at + 1;
	for (const char *first = c; *c && (*c != ']' || c == first); c++) {
		if (*c == '[' && c[1] && strchr(".=:", c[1]))
			return false;
		const unsigned from = (unsigned char)*c;
		if (c[1] == '-' && c[2] && c[2] != ']')
			c += 2;
		const unsigned to = (unsigned char)*c;
		if (from >= 0x80 || to >= 0x80 || to < from)
			return false;
		for (unsigned k = from; k <= to; k++)
			p->allowed[k] = true;
	}
	*at = c + 1;
	return *c == ']';
}

/* Is it one `.` or list with `{MIN,MAX}` behind it, and nothing else? */
static bool only_length(struct pattern *p)
{
	const char *at = p->text;
	p->listed = *at == '[' && at[1] != '^';
	return (p->listed ? take_list(&at, p) : take(&at, ".")) && take(&at, "{") &&
	       take_number(&at, &p->min) && take(&at, ",") && take_number(&at, &p->max) &&
	       take(&at, "}") && !*at && p->min <= p->max;
}

bool pattern_prepare(struct pattern *p)
{
	if (p->state != PATTERN_NEW)
		return p->state != PATTERN_BROKEN;
	if (only_length(p)) {
		p->state = PATTERN_LENGTH;
		return true;
	}
	AUTO_FREE char *whole = xasprintf("^(%s)$", p->text);
	const bool good = regcomp(&p->regex, whole, REG_EXTENDED | REG_NOSUB) == 0;
	p->state = good ? PATTERN_REGEX : PATTERN_BROKEN;
	return good;
}

/* Bytes that begin a character. */
static size_t characters(const char *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

bool pattern_matches(struct pattern *p, const char *text, size_t len)
{
	if (!pattern_prepare(p) || memchr(text, '\0', len))
		return false;
	if (p->state == PATTERN_REGEX)
		return regexec(&p->regex, text, 0, NULL, 0) == 0;
	for (size_t i = 0; p->listed && i < len; i++)
		if (!p->allowed[(unsigned char)text[i]])
			return false;
	const size_t n = characters(text, len);
	return n >= p->min && n <= p->max;
}

void pattern_release(struct pattern *p)
{
	if (p->state == PATTERN_REGEX)
		regfree(&p->regex);
	p->state = PATTERN_NEW;
}

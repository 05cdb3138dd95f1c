/*
 * The rules are small grammars over a few characters, written as spans: each step consumes what
 * it may and the whole text has to be consumed in the end.
 */
#include "format/scalar.h"

#include "base/num.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"

struct word {
	char text[6]; /* lower case */
	enum node_type type;
	bool boolean;
	bool any_case; /* otherwise: lower, Capital and UPPER */
	bool ambiguous;
	double real;
};

/* clang-format off */
static const struct word words[] = {
	{"~", NODE_NULL, false, false, false, 0},
	{"null", NODE_NULL, false, false, false, 0},
	{"true", NODE_BOOL, true, false, false, 0},
	{"false", NODE_BOOL, false, false, false, 0},
	{".inf", NODE_FLOAT, false, false, true, INFINITY},
	{"+.inf", NODE_FLOAT, false, false, true, INFINITY},
	{"-.inf", NODE_FLOAT, false, false, true, -INFINITY},
	{".nan", NODE_FLOAT, false, true, true, NAN},
	{"yes", NODE_STRING, false, true, true, 0},
	{"no", NODE_STRING, false, true, true, 0},
	{"on", NODE_STRING, false, true, true, 0},
	{"off", NODE_STRING, false, true, true, 0},
	{"y", NODE_STRING, false, true, true, 0},
	{"n", NODE_STRING, false, true, true, 0},
	{"=", NODE_STRING, false, false, true, 0},
	{"<<", NODE_STRING, false, false, true, 0},
};
/* clang-format on */

/* YAML reads true, True and TRUE, but not tRUE. */
static bool has_yaml_case(const char *text, size_t len)
{
	size_t upper = 0, letters = 0;
	bool first_upper = false;
	for (size_t i = 0; i < len; i++) {
		const bool is_upper = text[i] >= 'A' && text[i] <= 'Z';
		if (!is_upper && !(text[i] >= 'a' && text[i] <= 'z'))
			continue;
		if (letters == 0)
			first_upper = is_upper;
		upper += is_upper;
		letters++;
	}
	return upper == 0 || upper == letters || (upper == 1 && first_upper);
}

static bool resolve_word(struct node *node)
{
	/* Most scalars are told apart by their first letter. */
	if (node->len >= sizeof words[0].text || !strchr("~nNtTfFyYoO.+-=<", node->text[0]))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct word *w = &words[i];
		/* Upper and lower case differ in this one bit; other characters keep theirs. */
		if ((w->text[0] | 0x20) != (node->text[0] | 0x20) ||
			strcasecmp(w->text, node->text) != 0)
			continue;
		if (!w->any_case && !has_yaml_case(node->text, node->len))
			return false;
		node->type = (uint8_t)w->type;
		if (w->ambiguous)
			node->flags |= NODE_AMBIGUOUS;
		if (w->type == NODE_BOOL)
			node->boolean = w->boolean;
		else if (w->type == NODE_FLOAT)
			node->real = w->real;
		return true;
	}
	return false;
}

/* A number no program can hold is kept as text, and whoever wrote it is asked to quote it. */
static void set_float(struct node *node, const char *text, size_t len)
{
	if (num_parse_double(text, len, &node->real))
		node->type = NODE_FLOAT;
	else
		node->flags |= NODE_AMBIGUOUS;
}

/* 0o17 and 0x1f; YAML 1.1's 0b11 is text in 1.2. */
static bool resolve_radix(struct node *node, const char *p)
{
	if (p[0] != '0' || !strchr("oxb", p[1]) || !p[1])
		return false;
	const char *allowed = p[1] == 'o'   ? "01234567"
			      : p[1] == 'x' ? DIGITS "abcdefABCDEF"
					    : "01_";
	const size_t len = strspn(p + 2, allowed);
	if (!len || p[2 + len])
		return false;
	node->flags |= NODE_AMBIGUOUS;
	if (p[1] == 'b' || p != node->text)
		return true; /* YAML 1.2 has no sign here: text */
	const int bits = p[1] == 'o' ? 3 : 4;
	uint64_t value = 0;
	for (size_t i = 0; i < len; i++) {
		if (value >> (63 - bits))
			return true;
		const char c = p[2 + i];
		const unsigned digit =
			c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20) - 'a' + 10;
		value = value << bits | digit;
	}
	node->type = NODE_INT;
	node->integer = (int64_t)value;
	return true;
}

/* Behind the fraction and exponent that may follow the digits; NULL: that is no exponent. */
static const char *skip_fraction(struct node *node, const char *end)
{
	const bool point = *end == '.';
	if (point)
		end += 1 + strspn(end + 1, DIGITS);
	if (*end != 'e' && *end != 'E')
		return end;
	const bool sign = end[1] == '+' || end[1] == '-';
	const char *exponent = end + 1 + sign;
	if (!point || !sign)
		node->flags |= NODE_AMBIGUOUS; /* text in YAML 1.1 */
	const size_t len = strspn(exponent, DIGITS);
	return len ? exponent + len : NULL;
}

static bool is_decimal(struct node *node, const char *p, size_t whole)
{
	if (!whole && (p[0] != '.' || !strspn(p + 1, DIGITS)))
		return false;
	const uint8_t flags = node->flags;
	const char *end = skip_fraction(node, p + whole);
	if (end && !*end)
		return true;
	node->flags = flags;
	return false;
}

static bool resolve_decimal(struct node *node, const char *p)
{
	const size_t whole = strspn(p, DIGITS);
	if (!is_decimal(node, p, whole))
		return false;
	if (whole > 1 && p[0] == '0')
		node->flags |= NODE_AMBIGUOUS; /* octal in YAML 1.1 */
	const char *text = node->text[0] == '+' ? p : node->text;
	const size_t len = node->len - (size_t)(text - node->text);
	if (p[whole]) {
		set_float(node, text, len);
	} else if (num_parse_i64(text, len, &node->integer)) {
		node->type = NODE_INT;
	} else {
		node->flags |= NODE_AMBIGUOUS;
		set_float(node, text, len);
	}
	return true;
}

/* 1_000, and 1:30 or 12:30:45.5 to the base of 60: numbers in YAML 1.1 only. */
static bool is_old_number(const char *p)
{
	const size_t whole = strspn(p, DIGITS "_");
	if (!whole || p[0] == '_')
		return false;
	const char *end = p + whole;
	while (*end == ':') {
		size_t digits = strspn(end + 1, DIGITS);
		if (!digits || digits > 2 || (digits == 2 && end[1] > '5'))
			return false;
		end += 1 + digits;
	}
	if (*end == '.')
		end += 1 + strspn(end + 1, DIGITS "_");
	return *end == '\0';
}

/* Consumes between min and max digits; NULL if p is NULL or there are not as many. */
static const char *digits(const char *p, size_t min, size_t max)
{
	const size_t n = p ? strspn(p, DIGITS) : 0;
	return p && n >= min && n <= max ? p + n : NULL;
}

static const char *literal(const char *p, const char *set)
{
	return p && *p && strchr(set, *p) ? p + 1 : NULL;
}

/* 2026-11-22 and 2026-11-22T08:01:02.5Z: timestamps in YAML 1.1. */
static bool is_timestamp(const char *p)
{
	p = digits(literal(digits(literal(digits(p, 4, 4), "-"), 1, 2), "-"), 1, 2);
	if (!p || !*p)
		return p != NULL;
	if (*p == 'T' || *p == 't')
		p++;
	else if (*p == ' ' || *p == '\t')
		p += strspn(p, " \t");
	else
		return false;
	p = digits(literal(digits(literal(digits(p, 1, 2), ":"), 2, 2), ":"), 2, 2);
	if (!p)
		return false;
	if (*p == '.')
		p += 1 + strspn(p + 1, DIGITS);
	p += strspn(p, " \t");
	if (*p == 'Z')
		return p[1] == '\0';
	if (*p == '+' || *p == '-') {
		p = digits(p + 1, 1, 2);
		if (p && *p == ':')
			p = digits(p + 1, 2, 2);
	}
	return p && !*p;
}

void scalar_resolve(struct node *node)
{
	node->type = NODE_STRING;
	if (node->len == 0) {
		node->type = NODE_NULL;
		return;
	}
	const char *p = node->text;
	if (strlen(p) != node->len || resolve_word(node))
		return;
	if (*p == '+' || *p == '-')
		p++;
	/* All that is left starts with a digit or a point. */
	if (*p != '.' && !(*p >= '0' && *p <= '9'))
		return;
	if (resolve_radix(node, p) || resolve_decimal(node, p))
		return;
	if (is_old_number(p) || (p == node->text && is_timestamp(p)))
		node->flags |= NODE_AMBIGUOUS;
}

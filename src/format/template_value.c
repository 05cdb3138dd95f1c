/*
 * Values as Python sees them: equality and order across types, str() and repr(), characters
 * instead of bytes. Everything a template computes with is a struct node.
 */
#include "base/num.h"
#include "format/template_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool node_truthy(const struct node *v)
{
	if (!v)
		return false;
	switch (v->type) {
	case NODE_NULL:
	case TMPL_UNDEFINED:
		return false;
	case NODE_BOOL:
		return v->boolean;
	case NODE_INT:
		return v->integer != 0;
	case NODE_FLOAT:
		return v->real < 0 || v->real > 0 || isnan(v->real);
	case NODE_STRING:
		return v->len > 0;
	case NODE_SEQ:
		return v->seq.count > 0;
	case NODE_MAP:
		return v->map.count > 0 || v->flags & TMPL_NAMESPACE;
	default:
		return true;
	}
}

bool value_is_number(const struct node *v)
{
	return v->type == NODE_BOOL || v->type == NODE_INT || v->type == NODE_FLOAT;
}

bool value_int(const struct node *v, int64_t *ret)
{
	if (v->type != NODE_INT && v->type != NODE_BOOL)
		return false;
	*ret = v->type == NODE_BOOL ? v->boolean : v->integer;
	return true;
}

double value_real(const struct node *v)
{
	int64_t n = 0;
	return value_int(v, &n) ? (double)n : v->real;
}

const char *value_kind(const struct node *v)
{
	switch (v->type) {
	case TMPL_UNDEFINED:
		return "undefined";
	case TMPL_LOOP:
		return "loop";
	case TMPL_MACRO:
		return "macro";
	case NODE_REF:
		return "reference";
	default:
		return node_type_name((enum node_type)v->type);
	}
}

static bool is_key(const struct node *k, const char *key, size_t len)
{
	return k->len == len && k->text[0] == *key && !memcmp(k->text, key, len);
}

struct node *map_find(const struct node *map, const char *key, size_t len)
{
	for (size_t i = 0; i < map->map.count; i++)
		if (is_key(map->map.pairs[i].key, key, len))
			return map->map.pairs[i].value;
	return NULL;
}

/* By itself, so that the usual case need not save registers. */
static __attribute__((noinline)) struct node *find_elsewhere(
	const struct node *map, const struct ast *name)
{
	for (size_t i = 0; i < map->map.count; i++) {
		const struct node_pair *pair = &map->map.pairs[i];
		if (is_key(pair->key, name->text, name->len)) {
			*name->found = (uint32_t)i;
			return pair->value;
		}
	}
	return NULL;
}

struct node *map_find_name(const struct node *map, const struct ast *name)
{
	if (*name->found < map->map.count) {
		const struct node_pair *pair = &map->map.pairs[*name->found];
		if (is_key(pair->key, name->text, name->len))
			return pair->value;
	}
	return find_elsewhere(map, name);
}

static bool seq_equal(const struct node *a, const struct node *b)
{
	if (a->seq.count != b->seq.count || (a->flags & TMPL_TUPLE) != (b->flags & TMPL_TUPLE))
		return false;
	for (size_t i = 0; i < a->seq.count; i++) {
		if (!value_equal(a->seq.items[i], b->seq.items[i]))
			return false;
	}
	return true;
}

static bool map_equal(const struct node *a, const struct node *b)
{
	if (a->map.count != b->map.count)
		return false;
	for (size_t i = 0; i < a->map.count; i++) {
		const struct node_pair *pair = &a->map.pairs[i];
		const struct node *other = map_find(b, pair->key->text, pair->key->len);
		if (!other || !value_equal(pair->value, other))
			return false;
	}
	return true;
}

static int compare_numbers(const struct node *a, const struct node *b)
{
	int64_t m = 0, n = 0;
	if (value_int(a, &m) && value_int(b, &n))
		return (m > n) - (m < n);
	const double x = value_real(a), y = value_real(b);
	return (x > y) - (x < y);
}

static int compare_texts(const struct node *a, const struct node *b)
{
	const size_t len = a->len < b->len ? a->len : b->len;
	const int order = len ? memcmp(a->text, b->text, len) : 0;
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

bool value_equal(const struct node *a, const struct node *b)
{
	if (value_is_number(a) && value_is_number(b))
		return compare_numbers(a, b) == 0;
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case NODE_NULL:
		return true;
	case NODE_STRING:
	case NODE_REF:
		return a->len == b->len && !memcmp(a->text, b->text, a->len);
	case NODE_SEQ:
		return seq_equal(a, b);
	case NODE_MAP:
		return map_equal(a, b);
	default:
		return a->text == b->text;
	}
}

bool value_compare(const struct node *a, const struct node *b, int *ret)
{
	if (value_is_number(a) && value_is_number(b)) {
		*ret = compare_numbers(a, b);
		return true;
	}
	if (a->type == NODE_STRING && b->type == NODE_STRING) {
		*ret = compare_texts(a, b);
		return true;
	}
	if (a->type != NODE_SEQ || b->type != NODE_SEQ ||
		(a->flags & TMPL_TUPLE) != (b->flags & TMPL_TUPLE))
		return false;
	for (size_t i = 0; i < a->seq.count && i < b->seq.count; i++) {
		if (!value_equal(a->seq.items[i], b->seq.items[i]))
			return value_compare(a->seq.items[i], b->seq.items[i], ret);
	}
	*ret = (a->seq.count > b->seq.count) - (a->seq.count < b->seq.count);
	return true;
}

struct digits {
	bool minus;
	int exponent; /* of the first digit */
	int count;
	char text[24];
};

/* The fewest digits that read back as the same number. */
static void shortest_digits(double d, struct digits *ret)
{
	char buf[40];
	for (int n = 1; n <= 17; n++) {
		(void)snprintf(buf, sizeof buf, "%.*e", n - 1, d);
		double back = 0;
		if (num_parse_double(buf, strlen(buf), &back) && memcmp(&back, &d, sizeof d) == 0)
			break;
	}
	*ret = (struct digits){.minus = *buf == '-'};
	const char *e = strchr(buf, 'e');
	for (const char *p = buf; p < e; p++) {
		if (*p >= '0' && *p <= '9')
			ret->text[ret->count++] = *p;
	}
	for (const char *p = e + 2; *p; p++)
		ret->exponent = ret->exponent * 10 + (*p - '0');
	if (e[1] == '-')
		ret->exponent = -ret->exponent;
}

/* 1.5, 0.001, 100.0 */
static void add_decimal(const struct digits *d, struct str *out)
{
	if (d->exponent < 0)
		str_add(out, "0.");
	for (int i = d->exponent; i < -1; i++)
		str_addc(out, '0');
	for (int i = 0; i < d->count || i <= d->exponent; i++) {
		str_addc(out, i < d->count ? d->text[i] : '0');
		if (i == d->exponent)
			str_addc(out, '.');
	}
	if (d->exponent >= 0 && d->count <= d->exponent + 1)
		str_addc(out, '0');
}

/* repr(float) */
void text_float(double d, struct str *out)
{
	if (!isfinite(d)) {
		str_add(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
		return;
	}
	struct digits digits;
	shortest_digits(d, &digits);
	if (digits.minus)
		str_addc(out, '-');
	if (digits.exponent >= -4 && digits.exponent < 16) {
		add_decimal(&digits, out);
		return;
	}
	str_addc(out, digits.text[0]);
	if (digits.count > 1)
		str_addf(out, ".%.*s", digits.count - 1, digits.text + 1);
	str_addf(out, "e%c%02d", digits.exponent < 0 ? '-' : '+', abs(digits.exponent));
}

/* repr(str): single quotes unless only those occur inside. */
static void repr_text(const char *text, size_t len, struct str *out)
{
	const char quote = memchr(text, '\'', len) && !memchr(text, '"', len) ? '"' : '\'';
	str_addc(out, quote);
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		const uint32_t c = utf8_at(text + i, len - i, &n);
		if (c == (uint32_t)quote || c == '\\')
			str_addf(out, "\\%c", (char)c);
		else if (c == '\n' || c == '\r' || c == '\t')
			str_addf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
		else if (utf8_printable(c))
			str_addn(out, text + i, n);
		else
			str_addf(out,
				c < 0x100     ? "\\x%02x"
				: c < 0x10000 ? "\\u%04x"
					      : "\\U%08x",
				c);
		i += n;
	}
	str_addc(out, quote);
}

static bool repr_seq(const struct node *v, struct str *out)
{
	const bool tuple = v->flags & TMPL_TUPLE;
	str_addc(out, tuple ? '(' : '[');
	for (size_t i = 0; i < v->seq.count; i++) {
		if (i)
			str_add(out, ", ");
		if (!value_repr(v->seq.items[i], out))
			return false;
	}
	if (tuple && v->seq.count == 1)
		str_addc(out, ',');
	str_addc(out, tuple ? ')' : ']');
	return true;
}

bool value_repr(const struct node *v, struct str *out)
{
	if (v->type == NODE_STRING) {
		repr_text(v->text, v->len, out);
		return true;
	}
	if (v->type == NODE_SEQ)
		return repr_seq(v, out);
	if (v->type != NODE_MAP)
		return value_text(v, out);
	str_addc(out, '{');
	for (size_t i = 0; i < v->map.count; i++) {
		if (i)
			str_add(out, ", ");
		repr_text(v->map.pairs[i].key->text, v->map.pairs[i].key->len, out);
		str_add(out, ": ");
		if (!value_repr(v->map.pairs[i].value, out))
			return false;
	}
	str_addc(out, '}');
	return true;
}

bool value_text(const struct node *v, struct str *out)
{
	switch (v->type) {
	case NODE_NULL:
		str_add(out, "None");
		return true;
	case NODE_BOOL:
		str_add(out, v->boolean ? "True" : "False");
		return true;
	case NODE_INT:
		str_addi(out, v->integer);
		return true;
	case NODE_FLOAT:
		text_float(v->real, out);
		return true;
	case NODE_STRING:
		str_addn(out, v->text, v->len);
		return true;
	case NODE_SEQ:
	case NODE_MAP:
		return value_repr(v, out);
	default:
		return false;
	}
}

uint32_t utf8_at(const char *p, size_t len, size_t *ret_len)
{
	const unsigned char *u = (const unsigned char *)p;
	*ret_len = 1;
	if (u[0] < 0x80)
		return u[0];
	const size_t n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	if (u[0] < 0xc2 || u[0] > 0xf4 || n > len)
		return 0xfffd;
	uint32_t c = u[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (u[i] & 0x3fu);
	}
	*ret_len = n;
	return c;
}

void utf8_add(struct str *out, uint32_t c)
{
	if (c < 0x80) {
		str_addc(out, (char)c);
	} else if (c < 0x800) {
		str_addc(out, (char)(0xc0 | c >> 6));
		str_addc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		str_addc(out, (char)(0xe0 | c >> 12));
		str_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		str_addc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		str_addc(out, (char)(0xf0 | c >> 18));
		str_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		str_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		str_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

size_t utf8_count(const char *p, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)p[i] & 0xc0) != 0x80;
	return n;
}

size_t utf8_offset(const char *p, size_t len, size_t chars)
{
	size_t i = 0;
	while (i < len && chars--) {
		do
			i++;
		while (i < len && ((unsigned char)p[i] & 0xc0) == 0x80);
	}
	return i;
}

/*
 * Characters of Unicode's categories "other" and "separator" apart from the blank, in ascending
 * order: those that occur in practice (Unicode 14, DerivedGeneralCategory.txt). They are written
 * as escapes, because nobody reviewing a text would see them.
 */
static const uint32_t unprintable[][2] = {
	{0x00, 0x1f},
	{0x7f, 0xa0},
	{0xad, 0xad},
	{0x378, 0x379},
	{0x600, 0x605},
	{0x61c, 0x61c},
	{0x6dd, 0x6dd},
	{0x70f, 0x70f},
	{0x8e2, 0x8e2},
	{0x1680, 0x1680},
	{0x180e, 0x180e},
	{0x2000, 0x200f},
	{0x2028, 0x202f},
	{0x205f, 0x206f},
	{0x3000, 0x3000},
	{0xd800, 0xf8ff},
	{0xfeff, 0xfeff},
	{0xfff0, 0xfffb},
	{0xfffe, 0xffff},
	{0x110bd, 0x110bd},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0000, 0xe00ff},
	{0xe01f0, 0x10ffff},
};

bool utf8_printable(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(unprintable); i++) {
		if (c <= unprintable[i][1])
			return c < unprintable[i][0];
	}
	return false;
}

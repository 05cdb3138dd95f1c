/* Filters and methods on texts. Characters are Unicode's, positions count characters. */
#include "format/template_internal.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <string.h>
#include <wctype.h>

/* What a filter on texts works on: any value that has a text, as Jinja2's soft_str. */
static bool soft_text(struct tmpl_call *c)
{
	if (c->self->type == NODE_STRING)
		return true;
	const size_t start = c->ev->scratch.len;
	if (!value_text(c->self, &c->ev->scratch)) {
		str_truncate(&c->ev->scratch, start);
		(void)call_type_error(c, "a value that has a text");
		return false;
	}
	c->self = new_text_scratch(c->ev, c->pos, start);
	return c->self != NULL;
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

/* Case beyond ASCII is the C library's table; one to one but for the German sharp s. */
static void add_case(struct str *out, const char *text, size_t len, bool upper)
{
	if (is_ascii(text, len)) {
		str_reserve(out, len);
		const char from = upper ? 'a' : 'A', last = upper ? 'z' : 'Z';
		char *to = out->data + out->len;
		for (size_t i = 0; i < len; i++)
			to[i] = (char)(text[i] >= from && text[i] <= last ? text[i] ^ 0x20
									  : text[i]);
		to[len] = '\0';
		out->len += len;
		return;
	}
	const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		const uint32_t c = utf8_at(text + i, len - i, &n);
		if (upper && c == 0xdf)
			str_add(out, "SS");
		else if (!locale)
			str_addn(out, text + i, n);
		else
			utf8_add(out, (uint32_t)(upper ? towupper_l((wint_t)c, locale)
						       : towlower_l((wint_t)c, locale)));
		i += n;
	}
	if (locale)
		freelocale(locale);
}

struct node *text_lower(const struct tmpl_call *c, const char *text, size_t len)
{
	const size_t start = c->ev->scratch.len;
	add_case(&c->ev->scratch, text, len, false);
	return new_text_scratch(c->ev, c->pos, start);
}

static struct node *f_upper(struct tmpl_call *c)
{
	if (!soft_text(c))
		return NULL;
	const size_t start = c->ev->scratch.len;
	add_case(&c->ev->scratch, c->self->text, c->self->len, true);
	return new_text_scratch(c->ev, c->pos, start);
}

static struct node *f_lower(struct tmpl_call *c)
{
	return soft_text(c) ? text_lower(c, c->self->text, c->self->len) : NULL;
}

static void add_capital(struct str *out, const char *text, size_t len)
{
	const size_t n = utf8_offset(text, len, 1);
	add_case(out, text, n, true);
	add_case(out, text + n, len - n, false);
}

static struct node *f_capitalize(struct tmpl_call *c)
{
	if (!soft_text(c))
		return NULL;
	const size_t start = c->ev->scratch.len;
	add_capital(&c->ev->scratch, c->self->text, c->self->len);
	return new_text_scratch(c->ev, c->pos, start);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

/* A word begins behind blanks, hyphens and opening brackets. */
static struct node *f_title(struct tmpl_call *c)
{
	if (!soft_text(c))
		return NULL;
	const char *p = c->self->text, *end = p + c->self->len;
	const size_t start = c->ev->scratch.len;
	while (p < end) {
		const char *word = p;
		while (p < end && !is_space(*p) && (!*p || !strchr("-({[<", *p)))
			p++;
		add_capital(&c->ev->scratch, word, (size_t)(p - word));
		while (p < end && (is_space(*p) || (*p && strchr("-({[<", *p))))
			str_addc(&c->ev->scratch, *p++);
	}
	return new_text_scratch(c->ev, c->pos, start);
}

/* Is the character at p one of set (NULL: white space)? Yields its length. */
static bool in_set(const char *p, size_t len, const struct node *set, size_t *n)
{
	if (!set) {
		*n = 1;
		if (is_space(*p))
			return true;
		const uint32_t c = utf8_at(p, len, n);
		return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
		       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
	}
	*n = utf8_offset(p, len, 1);
	return *n && memmem(set->text, set->len, p, *n);
}

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };

static struct node *strip(struct tmpl_call *c, unsigned sides)
{
	const char *p = c->self->text, *end = p + c->self->len;
	const struct node *set = c->arg[0] && c->arg[0]->type == NODE_STRING ? c->arg[0] : NULL;
	size_t n = 0;
	while (sides & STRIP_LEFT && p < end && in_set(p, (size_t)(end - p), set, &n))
		p += n;
	while (sides & STRIP_RIGHT && p < end) {
		const char *last = end - 1;
		while (last > p && ((unsigned char)*last & 0xc0) == 0x80)
			last--;
		if (!in_set(last, (size_t)(end - last), set, &n))
			break;
		end = last;
	}
	return new_text(c->ev, c->pos, p, (size_t)(end - p));
}

static struct node *f_trim(struct tmpl_call *c)
{
	return soft_text(c) ? strip(c, STRIP_LEFT | STRIP_RIGHT) : NULL;
}

/* Nothing is found in front of every character, and at the end. */
static void replace_nothing(
	struct str *out, const struct node *in, const struct node *new, int64_t n)
{
	size_t i = 0;
	for (; n != 0; n--) {
		str_addn(out, new->text, new->len);
		const size_t len = utf8_offset(in->text + i, in->len - i, 1);
		str_addn(out, in->text + i, len);
		i += len;
		if (!len)
			return;
	}
	str_addn(out, in->text + i, in->len - i);
}

static void replace_text(struct str *out, const struct node *in, const struct node *old,
	const struct node *new, int64_t n)
{
	const char *p = in->text, *end = p + in->len;
	for (; n != 0; n--) {
		const char *hit = memmem(p, (size_t)(end - p), old->text, old->len);
		if (!hit)
			break;
		str_addn(out, p, (size_t)(hit - p));
		str_addn(out, new->text, new->len);
		p = hit + old->len;
	}
	str_addn(out, p, (size_t)(end - p));
}

static struct node *f_replace(struct tmpl_call *c)
{
	const char *text = NULL;
	size_t len = 0;
	int64_t count = -1;
	const struct node *old = c->arg[0], *new = c->arg[1];
	if (!soft_text(c) || !arg_text(c, 0, &text, &len) || !arg_text(c, 1, &text, &len))
		return NULL;
	if (c->arg[2] && c->arg[2]->type != NODE_NULL && !arg_int(c, 2, &count))
		return NULL;
	/* At most this often, before anything is built. */
	const size_t hits = c->self->len / (old->len ? old->len : 1) + 1;
	size_t size = 0;
	if (__builtin_mul_overflow(hits, new->len, &size) ||
		__builtin_add_overflow(size, c->self->len, &size))
		size = SIZE_MAX;
	if (!eval_charge(c->ev, c->pos, size))
		return NULL;
	const size_t start = c->ev->scratch.len;
	if (old->len)
		replace_text(&c->ev->scratch, c->self, old, new, count);
	else
		replace_nothing(&c->ev->scratch, c->self, new, count);
	return new_text_scratch(c->ev, c->pos, start);
}

/* The length of the line break at p, as str.splitlines() sees them; 0 if there is none. */
static size_t line_break(const char *p, size_t len)
{
	size_t n = 1;
	if (*p == '\r')
		return len > 1 && p[1] == '\n' ? 2 : 1;
	if (*p == '\n' || *p == '\v' || *p == '\f' || (*p >= 0x1c && *p <= 0x1e))
		return 1;
	const uint32_t c = utf8_at(p, len, &n);
	return c == 0x85 || c == 0x2028 || c == 0x2029 ? n : 0;
}

/* What indent puts in front of a line: a text, or a number of blanks (default 4). */
static bool indent_text(struct tmpl_call *c, const char **ret, size_t *ret_len)
{
	enum { WIDEST = 1000 };
	int64_t width = 4;
	if (c->arg[0] && c->arg[0]->type == NODE_STRING)
		return arg_text(c, 0, ret, ret_len);
	if (!arg_int(c, 0, &width))
		return false;
	width = width < 0 ? 0 : width > WIDEST ? WIDEST : width;
	char *blanks = arena_alloc(c->ev->arena, (size_t)width + 1);
	memset(blanks, ' ', (size_t)width);
	*ret = blanks;
	*ret_len = (size_t)width;
	return true;
}

static struct node *f_indent(struct tmpl_call *c)
{
	bool first = false, blank = false;
	const char *with = NULL;
	size_t with_len = 0;
	if (!soft_text(c) || !arg_bool(c, 1, &first) || !arg_bool(c, 2, &blank) ||
		!indent_text(c, &with, &with_len))
		return NULL;
	const char *p = c->self->text, *end = p + c->self->len;
	const size_t start = c->ev->scratch.len;
	for (size_t line = 0;; line++) {
		const char *stop = p;
		size_t n = 0;
		while (stop < end && !(n = line_break(stop, (size_t)(end - stop))))
			stop++;
		if (line)
			str_addc(&c->ev->scratch, '\n');
		if (line ? blank || stop > p : first)
			str_addn(&c->ev->scratch, with, with_len);
		str_addn(&c->ev->scratch, p, (size_t)(stop - p));
		if (!eval_charge(c->ev, c->pos, with_len))
			return NULL;
		if (stop >= end)
			return new_text_scratch(c->ev, c->pos, start);
		p = stop + n;
	}
}

/* Cuts texts that are longer than length, by default at a word. */
static struct node *f_truncate(struct tmpl_call *c)
{
	int64_t length = 255, leeway = 5;
	bool killwords = false;
	const char *tail = "...";
	size_t tail_len = 3;
	if (!soft_text(c) || !arg_int(c, 0, &length) || !arg_bool(c, 1, &killwords) ||
		!arg_text(c, 2, &tail, &tail_len))
		return NULL;
	if (c->arg[3] && c->arg[3]->type != NODE_NULL && !arg_int(c, 3, &leeway))
		return NULL;
	const int64_t tail_chars = (int64_t)utf8_count(tail, tail_len);
	if (length < tail_chars || leeway < 0 || length > TMPL_MAX_OUTPUT)
		return eval_error(c->ev, c->pos, "template-type",
			"truncate: the length must be at least %" PRId64 ", the length of the end",
			tail_chars);
	if ((int64_t)utf8_count(c->self->text, c->self->len) <= length + leeway)
		return c->self;
	size_t cut = utf8_offset(c->self->text, c->self->len, (size_t)(length - tail_chars));
	if (!killwords) {
		const char *blank = memrchr(c->self->text, ' ', cut);
		if (blank)
			cut = (size_t)(blank - c->self->text);
	}
	const size_t start = c->ev->scratch.len;
	str_addn(&c->ev->scratch, c->self->text, cut);
	str_addn(&c->ev->scratch, tail, tail_len);
	return new_text_scratch(c->ev, c->pos, start);
}

static struct node *f_wordcount(struct tmpl_call *c)
{
	if (!soft_text(c))
		return NULL;
	int64_t words = 0;
	bool inside = false;
	for (size_t i = 0; i < c->self->len; i++) {
		const unsigned char u = (unsigned char)c->self->text[i];
		const bool word = (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') ||
				  (u >= '0' && u <= '9') || u == '_' || u >= 0x80;
		words += word && !inside;
		inside = word;
	}
	return new_int(c->ev, words);
}

static struct node *f_string(struct tmpl_call *c)
{
	return soft_text(c) ? c->self : NULL;
}

struct format_spec {
	bool left, zero, plus, blank;
	int64_t width, precision; /* precision -1: not given */
};

/* Flags, width and precision behind "%". False if they are none, or absurdly large. */
static bool parse_spec(const char *p, size_t len, struct format_spec *ret)
{
	const char *end = p + len;
	*ret = (struct format_spec){.precision = -1};
	for (; p < end && strchr("-0+ ", *p); p++) {
		ret->left |= *p == '-';
		ret->zero |= *p == '0';
		ret->plus |= *p == '+';
		ret->blank |= *p == ' ';
	}
	for (; p < end && *p >= '0' && *p <= '9' && ret->width < 1000; p++)
		ret->width = ret->width * 10 + (*p - '0');
	if (p < end && *p == '.') {
		ret->precision = 0;
		for (p++; p < end && *p >= '0' && *p <= '9' && ret->precision < 100; p++)
			ret->precision = ret->precision * 10 + (*p - '0');
	}
	return p == end;
}

static bool format_int(char kind, const struct node *v, struct str *out, bool *minus)
{
	int64_t n = 0;
	const bool decimal = kind == 'd' || kind == 'i';
	if (!value_int(v, &n)) {
		if (!decimal || !(v->real > -9e18 && v->real < 9e18))
			return false;
		n = (int64_t)v->real;
	}
	const uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	*minus = n < 0;
	if (decimal)
		str_addf(out, "%" PRIu64, u);
	else if (kind == 'o')
		str_addf(out, "%" PRIo64, u);
	else
		str_addf(out, kind == 'x' ? "%" PRIx64 : "%" PRIX64, u);
	return true;
}

static bool format_real(char kind, double real, int precision, struct str *out)
{
	if (kind == 'f' || kind == 'F')
		str_addf(out, "%.*f", precision, real);
	else if (kind == 'e')
		str_addf(out, "%.*e", precision, real);
	else if (kind == 'g')
		str_addf(out, "%.*g", precision, real);
	else
		return false;
	return true;
}

/* The value without sign and padding. False if the conversion does not fit it. */
static bool format_body(
	const struct format_spec *s, char kind, const struct node *v, struct str *out, bool *minus)
{
	if (kind == 's') {
		if (!value_text(v, out))
			return false;
		if (s->precision >= 0)
			str_truncate(out, utf8_offset(out->data, out->len, (size_t)s->precision));
		return true;
	}
	if (!value_is_number(v))
		return false;
	if (strchr("dixXo", kind))
		return s->precision < 0 && format_int(kind, v, out, minus);
	*minus = value_real(v) < 0;
	return format_real(
		kind, fabs(value_real(v)), s->precision < 0 ? 6 : (int)s->precision, out);
}

static char format_sign(const struct format_spec *s, char kind, bool minus)
{
	if (kind == 's')
		return 0;
	return minus ? '-' : s->plus ? '+' : s->blank ? ' ' : 0;
}

/* Sign and padding around the body. */
static void format_pad(
	const struct format_spec *s, char sign, bool zeros, const struct str *body, struct str *out)
{
	const int64_t used = (int64_t)utf8_count(body->data, body->len) + (sign != 0);
	const int64_t pad = s->width > used ? s->width - used : 0;
	if (zeros && sign)
		str_addc(out, sign);
	for (int64_t i = 0; i < pad && !s->left; i++)
		str_addc(out, zeros ? '0' : ' ');
	if (!zeros && sign)
		str_addc(out, sign);
	str_addn(out, body->data, body->len);
	for (int64_t i = 0; i < pad && s->left; i++)
		str_addc(out, ' ');
}

/* One conversion: what stands behind the "%" up to its letter. */
static bool format_one(struct tmpl_call *c, const char *spec, size_t len, const struct node *v)
{
	AUTO_STR body = STR_INIT;
	struct format_spec s;
	bool minus = false;
	const char kind = spec[len - 1];
	if (!parse_spec(spec, len - 1, &s) || !format_body(&s, kind, v, &body, &minus)) {
		(void)eval_error(c->ev, c->pos, "template-type",
			"format: '%%%.*s' does not fit a %s", (int)(len < 20 ? len : 20), spec,
			value_kind(v));
		return false;
	}
	format_pad(&s, format_sign(&s, kind, minus), s.zero && !s.left && kind != 's', &body,
		&c->ev->scratch);
	return eval_charge(c->ev, c->pos, body.len + (size_t)s.width);
}

/* "%s is %d"|format(a, b): printf as Python has it. */
/* Where the conversion at p ends: behind its letter; NULL if there is none. */
static const char *spec_end(const char *p, const char *end)
{
	while (p < end && *p && strchr("0123456789+- .", *p))
		p++;
	return p < end ? p + 1 : NULL;
}

static struct node *f_format(struct tmpl_call *c)
{
	if (!soft_text(c))
		return NULL;
	const char *p = c->self->text, *end = p + c->self->len;
	const size_t start = c->ev->scratch.len;
	size_t next = 0;
	while (p < end) {
		if (*p != '%' || (p + 1 < end && p[1] == '%')) {
			p += *p == '%';
			str_addc(&c->ev->scratch, *p++);
			continue;
		}
		const char *spec = p + 1;
		p = spec_end(spec, end);
		if (!p || next >= TMPL_MAX_ARGS || !c->arg[next])
			return eval_error(c->ev, c->pos, "template-type",
				p ? "format: there are fewer values than '%%'"
				  : "format: '%%' at the end of the text");
		if (!format_one(c, spec, (size_t)(p - spec), c->arg[next++]))
			return NULL;
	}
	if (next < TMPL_MAX_ARGS && c->arg[next])
		return eval_error(
			c->ev, c->pos, "template-type", "format: there are more values than '%%'");
	return new_text_scratch(c->ev, c->pos, start);
}

const struct tmpl_func tmpl_text_filters[] = {
	{"upper", f_upper, "", false},
	{"lower", f_lower, "", false},
	{"capitalize", f_capitalize, "", false},
	{"title", f_title, "", false},
	{"trim", f_trim, "chars", false},
	{"replace", f_replace, "!old !new count", false},
	{"indent", f_indent, "width first blank", false},
	{"truncate", f_truncate, "length killwords end leeway", false},
	{"wordcount", f_wordcount, "", false},
	{"string", f_string, "", false},
	{"format", f_format, "a b c d e f", false},
	{0},
};

/* ---- methods ---- */

static bool is_map(struct tmpl_call *c)
{
	if (c->self->type == NODE_MAP)
		return true;
	(void)call_type_error(c, "a map");
	return false;
}

static struct node *map_list(struct tmpl_call *c, bool keys, bool values)
{
	if (!is_map(c))
		return NULL;
	struct node *seq = new_seq(c->ev, c->pos, c->self->map.count);
	for (size_t i = 0; seq && i < c->self->map.count; i++) {
		const struct node_pair *p = &c->self->map.pairs[i];
		struct node *item = keys && values ? new_pair(c->ev, c->pos, p->key, p->value)
				    : keys         ? p->key
						   : p->value;
		if (!item)
			return NULL;
		seq->seq.items[seq->seq.count++] = item;
	}
	return seq;
}

static struct node *m_items(struct tmpl_call *c)
{
	return map_list(c, true, true);
}

static struct node *m_keys(struct tmpl_call *c)
{
	return map_list(c, true, false);
}

static struct node *m_values(struct tmpl_call *c)
{
	return map_list(c, false, true);
}

static struct node *m_get(struct tmpl_call *c)
{
	if (!is_map(c))
		return NULL;
	struct node *v = c->arg[0]->type == NODE_STRING
				 ? map_find(c->self, c->arg[0]->text, c->arg[0]->len)
				 : NULL;
	return v ? v : c->arg[1] ? c->arg[1] : new_value(c->ev, NODE_NULL);
}

/* startswith and endswith take one text or a tuple of them. */
static struct node *affix(struct tmpl_call *c, bool front)
{
	if (!self_text(c))
		return NULL;
	const struct node *arg = c->arg[0];
	const size_t n = arg->type == NODE_SEQ ? arg->seq.count : 1;
	bool hit = false;
	for (size_t i = 0; i < n && !hit; i++) {
		const struct node *a = arg->type == NODE_SEQ ? arg->seq.items[i] : arg;
		if (a->type != NODE_STRING)
			return eval_error(c->ev, c->pos, "template-type",
				"'%s' wants a text or several in ( )", c->name);
		hit = a->len <= c->self->len &&
		      !memcmp(c->self->text + (front ? 0 : c->self->len - a->len), a->text, a->len);
	}
	return new_bool(c->ev, hit);
}

static struct node *m_startswith(struct tmpl_call *c)
{
	return affix(c, true);
}

static struct node *m_endswith(struct tmpl_call *c)
{
	return affix(c, false);
}

static bool split_push(struct tmpl_call *c, struct node *seq, const char *p, const char *end)
{
	return seq_push(c->ev, c->pos, seq, new_text(c->ev, c->pos, p, (size_t)(end - p)));
}

/* split(): at runs of white space, without empty parts. */
static struct node *split_blanks(struct tmpl_call *c, struct node *seq, int64_t max)
{
	const char *p = c->self->text, *end = p + c->self->len;
	size_t n = 0;
	for (;;) {
		while (p < end && in_set(p, (size_t)(end - p), NULL, &n))
			p += n;
		if (p >= end)
			return seq;
		const char *stop = p;
		if (max-- == 0)
			return split_push(c, seq, p, end) ? seq : NULL;
		while (stop < end && !in_set(stop, (size_t)(end - stop), NULL, &n))
			stop += n;
		if (!split_push(c, seq, p, stop))
			return NULL;
		p = stop;
	}
}

static struct node *m_split(struct tmpl_call *c)
{
	const char *sep = NULL;
	size_t sep_len = 0;
	int64_t max = -1;
	struct node *seq = new_seq(c->ev, c->pos, 0);
	if (!seq || !self_text(c) || !arg_int(c, 1, &max))
		return NULL;
	if (!c->arg[0] || c->arg[0]->type == NODE_NULL)
		return split_blanks(c, seq, max);
	if (!arg_text(c, 0, &sep, &sep_len))
		return NULL;
	if (!sep_len)
		return eval_error(
			c->ev, c->pos, "template-type", "split: the separator must not be empty");
	const char *p = c->self->text, *end = p + c->self->len;
	for (; max != 0; max--) {
		const char *hit = memmem(p, (size_t)(end - p), sep, sep_len);
		if (!hit)
			break;
		if (!split_push(c, seq, p, hit))
			return NULL;
		p = hit + sep_len;
	}
	return split_push(c, seq, p, end) ? seq : NULL;
}

static struct node *m_strip(struct tmpl_call *c)
{
	return self_text(c) ? strip(c, STRIP_LEFT | STRIP_RIGHT) : NULL;
}

static struct node *m_lstrip(struct tmpl_call *c)
{
	return self_text(c) ? strip(c, STRIP_LEFT) : NULL;
}

static struct node *m_rstrip(struct tmpl_call *c)
{
	return self_text(c) ? strip(c, STRIP_RIGHT) : NULL;
}

static struct node *m_join(struct tmpl_call *c)
{
	const struct node *items = self_text(c) ? value_items(c->ev, c->pos, c->arg[0]) : NULL;
	if (!items)
		return NULL;
	const size_t start = c->ev->scratch.len;
	for (size_t i = 0; i < items->seq.count; i++) {
		const struct node *item = items->seq.items[i];
		if (item->type != NODE_STRING) {
			str_truncate(&c->ev->scratch, start);
			return eval_error(c->ev, c->pos, "template-type",
				"join: item %zu is a %s, not a text", i, value_kind(item));
		}
		if (!eval_charge(c->ev, c->pos, c->self->len + item->len))
			return NULL;
		if (i)
			str_addn(&c->ev->scratch, c->self->text, c->self->len);
		str_addn(&c->ev->scratch, item->text, item->len);
	}
	return new_text_scratch(c->ev, c->pos, start);
}

static struct node *m_upper(struct tmpl_call *c)
{
	return self_text(c) ? f_upper(c) : NULL;
}

static struct node *m_lower(struct tmpl_call *c)
{
	return self_text(c) ? f_lower(c) : NULL;
}

static struct node *m_capitalize(struct tmpl_call *c)
{
	return self_text(c) ? f_capitalize(c) : NULL;
}

static struct node *m_replace(struct tmpl_call *c)
{
	return self_text(c) ? f_replace(c) : NULL;
}

static struct node *m_isdigit(struct tmpl_call *c)
{
	if (!self_text(c))
		return NULL;
	bool digits = c->self->len > 0;
	for (size_t i = 0; i < c->self->len && digits; i++)
		digits = c->self->text[i] >= '0' && c->self->text[i] <= '9';
	return new_bool(c->ev, digits);
}

const struct tmpl_func tmpl_methods[] = {
	{"items", m_items, "", false},
	{"keys", m_keys, "", false},
	{"values", m_values, "", false},
	{"get", m_get, "!key default", false},
	{"startswith", m_startswith, "!prefix", false},
	{"endswith", m_endswith, "!suffix", false},
	{"upper", m_upper, "", false},
	{"lower", m_lower, "", false},
	{"capitalize", m_capitalize, "", false},
	{"split", m_split, "sep maxsplit", false},
	{"strip", m_strip, "chars", false},
	{"lstrip", m_lstrip, "chars", false},
	{"rstrip", m_rstrip, "chars", false},
	{"replace", m_replace, "!old !new count", false},
	{"join", m_join, "!items", false},
	{"isdigit", m_isdigit, "", false},
	{0},
};

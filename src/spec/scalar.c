/*
 * YAML reads `no` as false in one version and as text in the other, 012345678901 as a number
 * without its zero, 1:30 as ninety. Wherever a scalar is not plainly what its field wants, the
 * person who wrote it is asked to say it clearly; nothing is converted in silence.
 */
#include "spec/scalar.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool one_of_nocase(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

static const char *const yes_words[] = {"yes", "on", "y", "true", NULL};
static const char *const no_words[] = {"no", "off", "n", "false", NULL};

/* "true", "false", or NULL if the text says neither. */
static const char *truth_of(const char *text)
{
	if (one_of_nocase(text, yes_words))
		return "true";
	return one_of_nocase(text, no_words) ? "false" : NULL;
}

/* The number that a reader of 0777, 0x1f or 1_000 may have meant; false if none. */
static bool number_meant(const struct node *n, char *buf, size_t size)
{
	if (n->type == NODE_INT) {
		(void)snprintf(buf, size, "%" PRId64, n->integer);
		return true;
	}
	size_t len = 0;
	bool digits = false;
	for (const char *p = n->text; *p && len + 1 < size; p++) {
		if (*p == '_' && digits)
			continue;
		if (*p < '0' || *p > '9')
			return false;
		digits = true;
		buf[len++] = *p;
	}
	buf[len] = 0;
	return digits;
}

static bool is_scalar(const struct node *n)
{
	return n->text && n->type != NODE_SEQ && n->type != NODE_MAP && n->type != NODE_REF;
}

void spec_hint_scalar(struct diag_list *diags, struct diag *d, const struct node *scalar)
{
	char number[32];
	if (!is_scalar(scalar) || scalar->len > 64)
		return;
	const char *truth = scalar->type == NODE_STRING ? truth_of(scalar->text) : NULL;
	if (truth)
		diag_hint(diags, d, "write %s for a switch, or \"%s\" in quotes for text", truth,
			scalar->text);
	else if ((scalar->flags & NODE_AMBIGUOUS) && number_meant(scalar, number, sizeof number))
		diag_hint(diags, d, "write %s for a number, or \"%s\" in quotes for text", number,
			scalar->text);
	else
		diag_hint(diags, d, "write it in quotes: \"%s\"", scalar->text);
}

bool scalar_ambiguous(struct decoder *d, const char *key, const struct node *n)
{
	if (!(n->flags & NODE_AMBIGUOUS))
		return false;
	struct diag *e = diag_error(d->diags, "yaml-ambiguous", n->pos,
		"'%.64s' as value of '%.64s' is read differently by different YAML readers",
		n->text, key);
	spec_hint_scalar(d->diags, e, n);
	return true;
}

struct diag *decode_wrong_type(
	struct decoder *d, const char *key, const char *expected, const struct node *n)
{
	return diag_error(d->diags, "spec-type", n->pos, "'%.64s' must be %s, not %s%s", key,
		expected,
		n->type == NODE_INT || n->type == NODE_FLOAT || n->type == NODE_SEQ ||
				n->type == NODE_MAP
			? "a "
			: "",
		node_type_name(n->type));
}

bool scalar_text_limits(struct decoder *d, const char *key, const struct node *n)
{
	if (n->len > SPEC_MAX_TEXT) {
		diag_error(d->diags, "spec-limit", n->pos,
			"the text of '%.64s' has %zu bytes, more than the %d allowed", key, n->len,
			SPEC_MAX_TEXT);
		return false;
	}
	for (size_t i = 0; i < n->len; i++) {
		const unsigned char c = (unsigned char)n->text[i];
		const bool c1 = c == 0xc2 && (unsigned char)n->text[i + 1] < 0xa0;
		if ((c >= 0x20 && c != 0x7f && !c1) || c == '\n' || c == '\t')
			continue;
		diag_error(d->diags, "spec-control", n->pos,
			"the text of '%.64s' holds the control character U+%04X", key,
			c1 ? (unsigned char)n->text[i + 1] : c);
		return false;
	}
	return true;
}

static bool in_words(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static void add_words(struct str *out, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		str_addf(out, "%s%s", i ? ", " : "", words[i]);
}

static void wrong_word(struct decoder *d, const char *key, const char *rule,
	const char *const *words, const struct node *n)
{
	AUTO_STR list = STR_INIT;
	add_words(&list, words);
	struct diag *e = diag_error(
		d->diags, rule, n->pos, "'%.64s' is no value of '%s': %s", n->text, key, list.data);
	const char *near = str_nearest(n->text, words);
	if (near)
		diag_hint(d->diags, e, "did you mean '%s'?", near);
}

static bool check_grammar(
	struct decoder *d, const char *key, const struct grammar *g, const struct node *n)
{
	if (g->words) {
		if (in_words(g->words, n->text))
			return true;
		wrong_word(d, key, g->rule, g->words, n);
		return false;
	}
	/* No grammar has room for a NUL, and the checks below look at C strings. */
	if (strlen(n->text) == n->len && g->ok(n->text, n->len))
		return true;
	struct diag *e;
	if (n->len == 0)
		e = diag_error(d->diags, g->rule, n->pos, "'%s' is empty", key);
	else
		e = diag_error(d->diags, g->rule, n->pos, "'%.64s' as value of '%s' is not %s",
			n->text, key, g->what);
	diag_hint(d->diags, e, "%s: %s", g->what, g->expect);
	return false;
}

const char *decode_text(
	struct decoder *d, const char *key, const struct grammar *g, const struct node *n)
{
	if (n->type == NODE_SEQ || n->type == NODE_MAP || n->type == NODE_NULL) {
		decode_wrong_type(d, key, "text", n);
		return NULL;
	}
	if (n->type != NODE_STRING) {
		struct diag *e = diag_error(d->diags, g == &grammar_account ? g->rule : "spec-type",
			n->pos, "'%.64s' must be text, but %.64s without quotes is a %s", key,
			n->text, n->type == NODE_BOOL ? "switch" : "number");
		diag_hint(d->diags, e, "write it in quotes: \"%.64s\"", n->text);
		return NULL;
	}
	if (n->flags & NODE_AMBIGUOUS) {
		struct diag *e = diag_error(d->diags, "yaml-ambiguous", n->pos,
			"'%.64s' as value of '%.64s' is text to some YAML readers and not to "
			"others",
			n->text, key);
		diag_hint(d->diags, e, "write it in quotes: \"%.64s\"", n->text);
		return NULL;
	}
	if (!scalar_text_limits(d, key, n))
		return NULL;
	return !g || check_grammar(d, key, g, n) ? n->text : NULL;
}

bool scalar_bool(struct decoder *d, const struct field *f, const struct node *n, bool *ret)
{
	if (n->type == NODE_BOOL) {
		*ret = n->boolean;
		return true;
	}
	const char *truth = n->type == NODE_STRING ? truth_of(n->text) : NULL;
	if (!truth) {
		decode_wrong_type(d, f->key, "true or false", n);
		return false;
	}
	struct diag *e =
		diag_error(d->diags, n->flags & NODE_AMBIGUOUS ? "yaml-ambiguous" : "spec-type",
			n->pos, "'%s' must be true or false, not %s'%s'", f->key,
			n->flags & NODE_PLAIN ? "" : "the text ", n->text);
	diag_hint(d->diags, e, "write it without quotes: %s: %s", f->key, truth);
	return false;
}

bool scalar_int(struct decoder *d, const struct field *f, const struct node *n, int64_t *ret)
{
	if (scalar_ambiguous(d, f->key, n))
		return false;
	if (n->type != NODE_INT) {
		int64_t value;
		struct diag *e = decode_wrong_type(d, f->key, "a whole number", n);
		if (n->type == NODE_STRING && num_parse_i64(n->text, n->len, &value))
			diag_hint(d->diags, e, "write it without quotes: %s", n->text);
		return false;
	}
	if (n->integer < f->min || n->integer > f->max) {
		diag_error(d->diags, "spec-range", n->pos,
			"'%s' must be from %" PRId64 " to %" PRId64 ", not %" PRId64, f->key,
			f->min, f->max, n->integer);
		return false;
	}
	*ret = n->integer;
	return true;
}

bool scalar_duration(struct decoder *d, const struct field *f, const struct node *n, int64_t *ret)
{
	AUTO_ERR err = NULL;
	int64_t ms;
	char low[CLOCK_TEXT_SIZE], high[CLOCK_TEXT_SIZE];

	if (n->type == NODE_INT) {
		struct diag *e = diag_error(d->diags, "spec-duration", n->pos,
			"'%s' is a duration and needs a unit", f->key);
		diag_hint(d->diags, e, "as in %" PRId64 "s, %" PRId64 "m or %" PRId64 "h",
			n->integer, n->integer, n->integer);
		return false;
	}
	const char *text = decode_text(d, f->key, NULL, n);
	if (!text)
		return false;
	if (clock_parse_duration(text, &ms, &err) < 0) {
		struct diag *e = diag_error(d->diags, "spec-duration", n->pos,
			"'%.64s' as value of '%s' is not a duration of at most ten years", text,
			f->key);
		diag_hint(d->diags, e, "a whole number and one of ms, s, m, h, d, as in 15m");
		return false;
	}
	if (ms < f->min || (f->max && ms > f->max)) {
		diag_error(d->diags, "spec-range", n->pos, "'%s' must be from %s to %s, not %s",
			f->key, clock_format_duration(f->min, low),
			f->max ? clock_format_duration(f->max, high) : "ten years", text);
		return false;
	}
	*ret = f->flags & FIELD_SECONDS ? ms / 1000 : ms;
	return true;
}

bool scalar_word(struct decoder *d, const struct field *f, const struct node *n, int *ret)
{
	if (n->type != NODE_STRING) {
		AUTO_STR list = STR_INIT;
		str_add(&list, "one of ");
		add_words(&list, f->words);
		decode_wrong_type(d, f->key, list.data, n);
		return false;
	}
	for (int i = 0; f->words[i]; i++) {
		if (strcmp(f->words[i], n->text) == 0) {
			*ret = i;
			return true;
		}
	}
	wrong_word(d, f->key, "spec-enum", f->words, n);
	return false;
}

const char *scalar_decimal(struct decoder *d, const struct field *f, const struct node *n)
{
	if (n->type != NODE_INT && n->type != NODE_FLOAT && n->type != NODE_STRING) {
		decode_wrong_type(d, f->key, "an amount", n);
		return NULL;
	}
	if (scalar_ambiguous(d, f->key, n))
		return NULL;
	const size_t whole = strspn(n->text, "0123456789");
	size_t len = whole;
	if (n->text[len] == '.') {
		const size_t cents = strspn(n->text + len + 1, "0123456789");
		len = cents < 1 || cents > 2 ? 0 : len + 1 + cents;
	}
	if (whole < 1 || whole > 12 || len != n->len) {
		struct diag *e = diag_error(d->diags, "spec-amount", n->pos,
			"'%.64s' as value of '%s' is not an amount", n->text, f->key);
		diag_hint(d->diags, e,
			"a number of 0 or more with at most two decimals, as in 250.00");
		return NULL;
	}
	return n->text;
}

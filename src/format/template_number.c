/* Filters on numbers, default, and tojson. */
#include "base/num.h"
#include "format/template_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static struct node *f_default(struct tmpl_call *c)
{
	bool boolean = false;
	(void)arg_bool(c, 1, &boolean);
	const bool missing = c->self->type == TMPL_UNDEFINED || (boolean && !node_truthy(c->self));
	if (!missing)
		return c->self;
	return c->arg[0] ? c->arg[0] : new_text(c->ev, c->pos, "", 0);
}

static struct node *f_abs(struct tmpl_call *c)
{
	int64_t n = 0;
	if (c->self->type == NODE_FLOAT)
		return new_float(c->ev, fabs(c->self->real));
	if (!value_int(c->self, &n))
		return call_type_error(c, "a number");
	if (n == INT64_MIN)
		return eval_error(
			c->ev, c->pos, "template-type", "the result is too large a number");
	return new_int(c->ev, n < 0 ? -n : n);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void strip_blanks(const char **text, size_t *len)
{
	while (*len && is_blank(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len && is_blank((*text)[*len - 1]))
		(*len)--;
}

/* int(text, base) of Python. */
static int64_t digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : INT64_MAX;
}

/* Does text begin with the prefix of its base, "0x"? */
static bool has_prefix(const char *text, size_t len, int64_t base)
{
	const char x = base == 16 ? 'x' : base == 8 ? 'o' : base == 2 ? 'b' : 0;
	return x && len > 2 && text[0] == '0' && (text[1] | 0x20) == x;
}

/* Digits with "_" between them, counted downwards, where there is room for one more. */
static bool parse_digits(const char *text, size_t len, int64_t base, int64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '_' && i && i + 1 < len && text[i - 1] != '_')
			continue;
		const int64_t digit = digit_value(text[i]);
		if (digit >= base || __builtin_mul_overflow(*ret, base, ret) ||
			__builtin_sub_overflow(*ret, digit, ret))
			return false;
	}
	return len > 0;
}

static bool parse_int(const char *text, size_t len, int64_t base, int64_t *ret)
{
	strip_blanks(&text, &len);
	const bool minus = len && *text == '-';
	const size_t sign = len && (*text == '-' || *text == '+');
	const size_t skip = sign + (has_prefix(text + sign, len - sign, base) ? 2 : 0);
	int64_t n = 0;
	if (!parse_digits(text + skip, len - skip, base, &n) || (!minus && n == INT64_MIN))
		return false;
	*ret = minus ? n : -n;
	return true;
}

static bool parse_float(const char *text, size_t len, double *ret)
{
	strip_blanks(&text, &len);
	return num_parse_double(text, len, ret);
}

/* What is no number gives the default, 0. */
static struct node *f_int(struct tmpl_call *c)
{
	int64_t n = 0, base = 10;
	double real = 0;
	if (!arg_int(c, 1, &base))
		return NULL;
	if (base < 2 || base > 36)
		return eval_error(c->ev, c->pos, "template-type", "int: no base %" PRId64, base);
	if (value_int(c->self, &n))
		return new_int(c->ev, n);
	if (c->self->type == NODE_STRING) {
		if (parse_int(c->self->text, c->self->len, base, &n))
			return new_int(c->ev, n);
		if (!parse_float(c->self->text, c->self->len, &real))
			real = NAN;
	} else {
		real = c->self->type == NODE_FLOAT ? c->self->real : NAN;
	}
	if (real > -9.2e18 && real < 9.2e18)
		return new_int(c->ev, (int64_t)real);
	return c->arg[0] ? c->arg[0] : new_int(c->ev, 0);
}

static struct node *f_float(struct tmpl_call *c)
{
	double real = 0;
	if (value_is_number(c->self))
		return new_float(c->ev, value_real(c->self));
	if (c->self->type == NODE_STRING && parse_float(c->self->text, c->self->len, &real))
		return new_float(c->ev, real);
	return c->arg[0] ? c->arg[0] : new_float(c->ev, 0);
}

/* Python's round(): the decimal that is nearest to the exact value, ties to even. */
static bool round_digits(double v, int64_t digits, double *ret)
{
	AUTO_STR text = STR_INIT;
	if (digits >= 0) {
		str_addf(&text, "%.*f", (int)digits, v);
		return num_parse_double(text.data, text.len, ret) || (*ret = v, true);
	}
	const double scale = pow(10, (double)-digits);
	*ret = nearbyint(v / scale) * scale;
	return true;
}

static struct node *f_round(struct tmpl_call *c)
{
	int64_t digits = 0;
	const char *method = "common";
	size_t len = 6;
	if (!value_is_number(c->self))
		return call_type_error(c, "a number");
	if (!arg_int(c, 0, &digits) || !arg_text(c, 1, &method, &len))
		return NULL;
	if (digits > 20 || digits < -20)
		return eval_error(c->ev, c->pos, "template-type", "round: precision is -20 to 20");
	const double v = value_real(c->self);
	const bool ceils = !strcmp(method, "ceil");
	double r = 0;
	if (ceils || !strcmp(method, "floor")) {
		const double scale = pow(10, (double)digits);
		r = (ceils ? ceil(v * scale) : floor(v * scale)) / scale;
	} else if (!strcmp(method, "common")) {
		if (c->self->type != NODE_FLOAT && digits >= 0)
			return new_int(c->ev,
				c->self->type == NODE_BOOL ? c->self->boolean : c->self->integer);
		(void)round_digits(v, digits, &r);
		if (c->self->type != NODE_FLOAT)
			return new_int(c->ev, (int64_t)r);
	} else {
		return eval_error(c->ev, c->pos, "template-type",
			"round: the method is 'common', 'ceil' or 'floor', not '%s'", method);
	}
	return new_float(c->ev, r);
}

static struct node *f_tojson(struct tmpl_call *c)
{
	int64_t indent = -1;
	if (c->arg[0] && c->arg[0]->type != NODE_NULL && !arg_int(c, 0, &indent))
		return NULL;
	if (indent > 16)
		return eval_error(c->ev, c->pos, "template-type", "tojson: indent is at most 16");
	const size_t start = c->ev->scratch.len;
	if (!json_dumps(c->ev, c->pos, c->self, indent))
		return NULL;
	struct node *v = new_text_scratch(c->ev, c->pos, start);
	/* In a JSON template it is what printing the value itself gives. */
	if (v && c->ev->escape == TMPL_ESCAPE_JSON)
		v->flags |= TMPL_SAFE;
	return v;
}

const struct tmpl_func tmpl_number_filters[] = {
	{"default", f_default, "default_value boolean", true},
	{"d", f_default, "default_value boolean", true},
	{"abs", f_abs, "", false},
	{"int", f_int, "default base", false},
	{"float", f_float, "default", false},
	{"round", f_round, "precision method", false},
	{"tojson", f_tojson, "indent", false},
	{0},
};

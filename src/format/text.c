/*
 * The check runs once over the bytes before libyaml and jansson do: their own messages for these
 * give offsets that people cannot use, and libyaml takes some characters for line ends that no
 * editor shows as such, which would put every later message in the wrong line.
 */
#include "format/text.h"

#include "base/str.h"
#include "format/yaml.h"

#include <stdint.h>
#include <string.h>

static const char *const rules[][2] = {
	[TEXT_YAML] = {"yaml-encoding", "yaml-limit"},
	[TEXT_JSON] = {"json-encoding", "json-limit"},
};

static size_t bom_length(const struct src *src)
{
	return src->len >= 3 && memcmp(src->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

struct pos text_pos(const struct src *src, size_t offset)
{
	struct pos pos = {src, 1, 1};
	size_t i = bom_length(src);
	const char *nl;
	while (i < offset && (nl = memchr(src->data + i, '\n', offset - i))) {
		i = (size_t)(nl - src->data) + 1;
		pos.line++;
	}
	for (; i < offset; i++)
		pos.col += ((unsigned char)src->data[i] & 0xc0) != 0x80;
	return pos;
}

/* Names the encoding that a text in 16 or 32 bit units gives away by its first bytes. */
static const char *wide_encoding(const struct src *src)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *name;
	} marks[] = {
		{"\xff\xfe\0\0", 4, "UTF-32"},
		{"\0\0\xfe\xff", 4, "UTF-32"},
		{"\xff\xfe", 2, "UTF-16"},
		{"\xfe\xff", 2, "UTF-16"},
	};
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (src->len >= marks[i].len &&
			memcmp(src->data, marks[i].bytes, marks[i].len) == 0)
			return marks[i].name;
	return NULL;
}

uint32_t text_code_point(const char *text, size_t len, size_t *ret_width)
{
	const unsigned char *p = (const unsigned char *)text;
	const size_t width = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	*ret_width = 1;
	if (width == 1)
		return p[0];
	if (len < width || utf8_valid(text, width) < width)
		return 0xfffd;
	*ret_width = width;
	uint32_t c = p[0] & (0x7fu >> width);
	for (size_t i = 1; i < width; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

const char *text_unprintable(uint32_t c)
{
	if (c < 0x20 || c == 0x7f)
		return c == '\t' || c == '\n' ? NULL : "a control character";
	if (c == 0x85 || c == 0x2028 || c == 0x2029)
		return "an invisible line separator";
	if (c >= 0x80 && c < 0xa0)
		return "a control character";
	if (c == 0xfeff)
		return "a byte order mark inside the text";
	if (c == 0xfffe || c == 0xffff)
		return "a code that is no character";
	return NULL;
}

/* JSON takes all but control characters as they are; those are jansson's to refuse. */
static const char *why_refused(uint32_t c, const char *next, enum text_format format)
{
	if (c == 0)
		return "the file holds a NUL character: it is binary or was damaged";
	if (format == TEXT_JSON)
		return NULL;
	if (c == '\r')
		return *next == '\n' ? NULL : "a carriage return without a line feed";
	return text_unprintable(c);
}

static const char *hint_for(uint32_t c)
{
	if (c == 0)
		return "restore it from git or save it again as UTF-8 text";
	if (c == '\r')
		return "save the file with LF or CRLF line ends";
	if (c == 0xfeff)
		return "two files were joined here; delete the invisible character";
	return "delete it, or write it as an escape inside double quotes";
}

/* Past eight printable ASCII characters and newlines at a time, which is nearly all of a spec. */
static size_t skip_plain(const char *text, size_t i, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	for (; len - i >= 8; i += 8) {
		uint64_t w;
		memcpy(&w, text + i, 8);
		/* A byte's top bit: in low, that it is below a blank; in newline and del, that it
		 * is not one. All are exact where no byte has its own top bit, which is asked
		 * first. */
		const uint64_t low = ~((w | tops) - ones * ' ') & tops;
		const uint64_t newline = ((w ^ (ones * '\n')) | tops) - ones;
		const uint64_t del = ((w ^ (ones * 0x7f)) | tops) - ones;
		if (w & tops || (low & newline) || ~del & tops)
			break;
	}
	return i;
}

static bool check_characters(
	const struct src *src, size_t start, enum text_format format, struct diag_list *diags)
{
	const unsigned char *p = (const unsigned char *)src->data;
	for (size_t i = start; i < src->len; i++) {
		i = skip_plain(src->data, i, src->len);
		if (i == src->len)
			break;
		if ((p[i] >= 0x20 && p[i] < 0x7f) || p[i] == '\n' || (p[i] & 0xc0) == 0x80)
			continue;
		size_t width = 0;
		const uint32_t c = text_code_point(src->data + i, src->len - i, &width);
		const char *why = why_refused(c, src->data + i + 1, format);
		if (!why)
			continue;
		struct diag *d =
			c ? diag_error(diags, rules[format][0], text_pos(src, i), "%s (U+%04X)",
				    why, (unsigned)c)
			  : diag_error(diags, rules[format][0], text_pos(src, i), "%s", why);
		diag_hint(diags, d, "%s", hint_for(c));
		return false;
	}
	return true;
}

int text_check(const struct src *src, enum text_format format, struct diag_list *diags)
{
	const struct pos whole = {src, 0, 0};
	if (src->len > YAML_MAX_BYTES) {
		struct diag *d = diag_error(diags, rules[format][1], whole,
			"the file is larger than %d MiB", YAML_MAX_BYTES / (1024 * 1024));
		diag_hint(diags, d, "split it into several files");
		return -1;
	}
	const char *wide = wide_encoding(src);
	if (wide) {
		struct diag *d = diag_error(diags, rules[format][0], whole,
			"the file is encoded in %s, not UTF-8", wide);
		diag_hint(diags, d, "save it again as UTF-8");
		return -1;
	}
	const size_t start = bom_length(src);
	const size_t valid = start + utf8_valid(src->data + start, src->len - start);
	if (valid < src->len) {
		struct diag *d = diag_error(diags, rules[format][0], text_pos(src, valid),
			"byte 0x%02x at offset %zu is not valid UTF-8",
			(unsigned)(unsigned char)src->data[valid], valid);
		diag_hint(diags, d, "save the file again as UTF-8");
		return -1;
	}
	return check_characters(src, start, format, diags) ? (int)start : -1;
}

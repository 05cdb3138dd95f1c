/*
 * Names of resources. The escape in Terraform names is a prefix code over bytes, so decoding is
 * a single pass and two ids cannot meet in one name.
 */
#include "render/names.h"

#include "base/digest.h"

#include <string.h>

#define MIDDLE_DOT "\xc2\xb7"
#define BAD_START  "_" MIDDLE_DOT "_"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_plain(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

static bool is_start(char c)
{
	return is_letter(c) || c == '_';
}

void name_terraform(const char *id, struct str *out)
{
	if (!is_start(id[0]))
		str_add(out, BAD_START);
	for (const char *p = id; *p; p++) {
		if (is_plain(*p))
			str_addc(out, *p);
		else
			str_addf(out, MIDDLE_DOT "%02x", (unsigned char)*p);
	}
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool name_terraform_decode(const char *name, struct str *out)
{
	const size_t dot = strlen(MIDDLE_DOT), before = out->len;
	const char *p = name;
	if (str_starts(p, BAD_START))
		p += strlen(BAD_START);
	while (*p) {
		if (is_plain(*p)) {
			str_addc(out, *p++);
			continue;
		}
		if (!str_starts(p, MIDDLE_DOT) || hex_value(p[dot]) < 0 ||
			hex_value(p[dot + 1]) < 0) {
			str_truncate(out, before);
			return false;
		}
		str_addc(out, (char)(hex_value(p[dot]) * 16 + hex_value(p[dot + 1])));
		p += dot + 2;
	}
	AUTO_STR again = STR_INIT;
	name_terraform(out->data + before, &again);
	if (!str_eq(again.data, name)) {
		str_truncate(out, before);
		return false;
	}
	return true;
}

/* Lower-case letters, digits and single hyphens between them. */
static void add_words(const char *text, struct str *out)
{
	const size_t start = out->len;
	bool gap = false;
	for (const char *p = text; *p; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
		if (!is_letter(c) && !is_digit(c)) {
			gap = true;
			continue;
		}
		if (gap && out->len > start)
			str_addc(out, '-');
		gap = false;
		str_addc(out, c);
	}
}

static void cut_words(struct str *s, size_t max)
{
	if (s->len > max)
		str_truncate(s, max);
	while (s->len > 0 && s->data[s->len - 1] == '-')
		str_truncate(s, s->len - 1);
}

/* A letter, and nothing that AWS keeps for itself (security groups, load balancers, keys). */
static bool may_start(const char *words)
{
	static const char *const reserved[] = {"sg", "internal", "aws", "amazon", "xn"};
	const size_t len = strcspn(words, "-");
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (strlen(reserved[i]) == len && memcmp(words, reserved[i], len) == 0)
			return false;
	return is_letter(words[0]);
}

void name_physical(const struct name_scope *scope, const char *node, size_t limit, struct str *out)
{
	struct digest *d = digest_begin();
	digest_add_text(d, scope->account);
	digest_add_text(d, scope->region);
	digest_add_text(d, scope->repository);
	digest_add_text(d, scope->canvas);
	digest_add_text(d, node);
	char hex[DIGEST_HEX];
	digest_end(d, hex);

	AUTO_STR canvas_words = STR_INIT;
	AUTO_STR node_words = STR_INIT;
	add_words(scope->canvas, &canvas_words);
	if (!may_start(canvas_words.data)) {
		AUTO_STR with_letter = STR_INIT;
		str_add(&with_letter, canvas_words.len ? "c-" : "c");
		str_add(&with_letter, canvas_words.data);
		str_clear(&canvas_words);
		str_add(&canvas_words, with_letter.data);
	}
	add_words(node, &node_words);
	/* Two hyphens and the digest are always there. */
	const size_t room = limit - NAME_DIGEST - 2, half = room / 2;
	if (canvas_words.len + node_words.len > room) {
		size_t keep = node_words.len < half ? room - node_words.len : room - half;
		cut_words(&canvas_words, keep);
		cut_words(&node_words, room - canvas_words.len);
	}
	str_add(out, canvas_words.data);
	if (node_words.len)
		str_addf(out, "-%s", node_words.data);
	str_addf(out, "-%.*s", NAME_DIGEST, hex);
}

void name_dns_label(const char *id, struct str *out)
{
	AUTO_STR words = STR_INIT;
	add_words(id, &words);
	cut_words(&words, 63);
	str_add(out, words.len ? words.data : "node");
}

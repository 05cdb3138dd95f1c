/*
 * Keys that a change takes away from under data. Who uses a key is read from the recorded files:
 * any resource with an attribute that refers to it, policies apart.
 */
#include "base/str.h"
#include "render/render.h"

#include <string.h>

static bool is_resource(const struct hcl_block *b)
{
	return str_eq(b->type, "resource") && b->labels[0] && b->labels[1];
}

static bool has_address(const struct rendering *r, const char *address)
{
	for (size_t i = 0; i < r->blocks.count; i++)
		if (is_resource(&r->blocks.items[i]) && str_eq(r->blocks.items[i].address, address))
			return true;
	return false;
}

/* Is the byte one of a name, so that what ends in front of it is a part of a longer one? */
static bool goes_on(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

static bool refers_to(const char *text, const char *address)
{
	const size_t len = strlen(address);
	for (const char *at = text; (at = strstr(at, address)); at += len)
		if (!goes_on(at[len]))
			return true;
	return false;
}

static bool uses_key(const struct hcl_block *b, const char *key)
{
	for (size_t i = 0; i < b->attr_count; i++)
		if (!str_ends(b->attrs[i].path, "policy") && refers_to(b->attrs[i].text, key))
			return true;
	return false;
}

struct render_lost_key render_find_lost_key(
	const struct rendering *before, const struct rendering *after)
{
	for (size_t i = 0; i < before->blocks.count; i++) {
		const struct hcl_block *key = &before->blocks.items[i];
		if (!is_resource(key) || !str_eq(key->labels[0], "aws_kms_key") ||
			has_address(after, key->address))
			continue;
		for (size_t k = 0; k < before->blocks.count; k++) {
			const struct hcl_block *user = &before->blocks.items[k];
			if (user != key && is_resource(user) && uses_key(user, key->address) &&
				has_address(after, user->address))
				return (struct render_lost_key){key->address, user->address};
		}
	}
	return (struct render_lost_key){NULL, NULL};
}

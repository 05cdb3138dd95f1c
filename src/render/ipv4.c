/* IPv4 blocks as a base and a prefix length. */
#include "render/ipv4.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

enum { NEW_BITS = 4 };

static uint32_t mask_of(unsigned prefix)
{
	return prefix == 0 ? 0 : 0xffffffffU << (32 - prefix);
}

/* One decimal number up to max that ends at end; leading zeros would be octal to some. */
static bool parse_part(const char **at, char end, int64_t max, uint32_t *ret)
{
	const char *stop = end ? strchr(*at, end) : *at + strlen(*at);
	int64_t value;
	if (!stop || stop == *at || **at == '-' || (**at == '0' && stop - *at > 1) ||
		!num_parse_i64(*at, (size_t)(stop - *at), &value) || value > max)
		return false;
	*ret = (uint32_t)value;
	*at = end ? stop + 1 : stop;
	return true;
}

bool ipv4_parse(const char *text, struct ipv4_block *ret)
{
	static const char ends[] = {'.', '.', '.', '/'};
	uint32_t base = 0, part;
	for (size_t i = 0; i < sizeof(ends); i++) {
		if (!parse_part(&text, ends[i], 255, &part))
			return false;
		base = base << 8 | part;
	}
	if (!parse_part(&text, '\0', 32, &part))
		return false;
	*ret = (struct ipv4_block){base, part};
	return true;
}

bool ipv4_has_host_bits(const struct ipv4_block *c)
{
	return (c->base & ~mask_of(c->prefix)) != 0;
}

const char *ipv4_format(const struct ipv4_block *c, char ret[IPV4_TEXT])
{
	snprintf(ret, IPV4_TEXT, "%u.%u.%u.%u/%u", c->base >> 24, c->base >> 16 & 255,
		c->base >> 8 & 255, c->base & 255, c->prefix & 63);
	return ret;
}

bool ipv4_overlap(const struct ipv4_block *a, const struct ipv4_block *b)
{
	const uint32_t mask = mask_of(a->prefix < b->prefix ? a->prefix : b->prefix);
	return (a->base & mask) == (b->base & mask);
}

struct ipv4_block ipv4_subnet(const struct ipv4_block *vpc, bool is_public, size_t index)
{
	const unsigned prefix = vpc->prefix + NEW_BITS;
	const uint32_t number = (uint32_t)index + (is_public ? 0 : 1U << (NEW_BITS - 1));
	return (struct ipv4_block){vpc->base + (number << (32 - prefix)), prefix};
}

/* IPv4 address blocks, and the subnets that a canvas cuts out of its block. */
#ifndef TRUEUP_RENDER_IPV4_H
#define TRUEUP_RENDER_IPV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ipv4_block {
	uint32_t base; /* host byte order */
	unsigned prefix;
};

enum { IPV4_TEXT = 19 }; /* "255.255.255.255/32" and a NUL */

/* False unless text is "a.b.c.d/p" without leading zeros. Bits beyond the prefix are kept. */
bool ipv4_parse(const char *text, struct ipv4_block *ret);
bool ipv4_has_host_bits(const struct ipv4_block *c);
const char *ipv4_format(const struct ipv4_block *c, char ret[IPV4_TEXT]);
bool ipv4_overlap(const struct ipv4_block *a, const struct ipv4_block *b);

/*
 * Subnet index of a VPC block (/16 to /24, as AWS takes them): four more bits, public ones from
 * the low half, private ones from the high half, index 0 to 7. Further zones do not move the
 * earlier ones. 10.0.0.0/16: public 10.0.0.0/20, 10.0.16.0/20, ...; private 10.0.128.0/20, ...
 */
struct ipv4_block ipv4_subnet(const struct ipv4_block *vpc, bool is_public, size_t index);

#endif

/* IPv4 address blocks, and the subnets that a canvas cuts out of its block. */
#ifndef TRUEUP_RENDER_CIDR_H
#define TRUEUP_RENDER_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cidr {
	uint32_t base; /* host byte order */
	unsigned prefix;
};

enum { CIDR_TEXT = 19 }; /* "255.255.255.255/32" and a NUL */

/* False unless text is "a.b.c.d/p" without leading zeros. Bits beyond the prefix are kept. */
bool cidr_parse(const char *text, struct cidr *ret);
bool cidr_has_host_bits(const struct cidr *c);
const char *cidr_format(const struct cidr *c, char ret[CIDR_TEXT]);
bool cidr_overlap(const struct cidr *a, const struct cidr *b);

/*
 * Subnet index of a VPC block (/16 to /24, as AWS takes them): four more bits, public ones from
 * the low half, private ones from the high half, index 0 to 7. Further zones do not move the
 * earlier ones. 10.0.0.0/16: public 10.0.0.0/20, 10.0.16.0/20, ...; private 10.0.128.0/20, ...
 */
struct cidr cidr_subnet(const struct cidr *vpc, bool is_public, size_t index);

#endif

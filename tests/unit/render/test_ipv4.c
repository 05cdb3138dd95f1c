/* Protects: subnets that later zones do not renumber, and what counts as an address block. */
#include "check.h"

#include "base/macros.h"
#include "render/ipv4.h"

static void subnets(void **state)
{
	static const struct {
		const char *vpc;
		bool is_public;
		size_t index;
		const char *want;
	} cases[] = {
		{"10.0.0.0/16", true, 0, "10.0.0.0/20"},
		{"10.0.0.0/16", true, 1, "10.0.16.0/20"},
		{"10.0.0.0/16", true, 2, "10.0.32.0/20"},
		{"10.0.0.0/16", false, 0, "10.0.128.0/20"},
		{"10.0.0.0/16", false, 1, "10.0.144.0/20"},
		{"10.0.0.0/16", false, 2, "10.0.160.0/20"},
		{"172.31.0.0/20", true, 0, "172.31.0.0/24"},
		{"172.31.0.0/20", false, 1, "172.31.9.0/24"},
		{"192.168.0.0/24", true, 1, "192.168.0.16/28"},
		{"192.168.0.0/24", false, 2, "192.168.0.160/28"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ipv4_block vpc, subnet;
		char text[IPV4_TEXT];
		assert_true(ipv4_parse(cases[i].vpc, &vpc));
		assert_false(ipv4_has_host_bits(&vpc));
		subnet = ipv4_subnet(&vpc, cases[i].is_public, cases[i].index);
		assert_string_equal(ipv4_format(&subnet, text), cases[i].want);
	}
}

static void what_is_no_block(void **state)
{
	static const char *const cases[] = {"", "10.0.0.0", "10.0.0/16", "10.0.0.0/33",
		"256.0.0.0/8", "10.0.0.0/", "10.00.0.0/16", "10.0.0.0/016", "10.0.0.0/16 ",
		"-1.0.0.0/8", "10.0.0.0.0/8", "a.b.c.d/8", "10.0.0.0/-1"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ipv4_block b;
		if (ipv4_parse(cases[i], &b))
			fail_msg("'%s' is taken for a block", cases[i]);
	}
}

static void host_bits_and_overlap(void **state)
{
	struct ipv4_block a, b, c;
	(void)state;
	assert_true(ipv4_parse("10.0.1.0/16", &a));
	assert_true(ipv4_has_host_bits(&a));
	assert_true(ipv4_parse("10.0.0.0/16", &a));
	assert_true(ipv4_parse("10.0.255.0/24", &b));
	assert_true(ipv4_parse("10.1.0.0/16", &c));
	assert_true(ipv4_overlap(&a, &b));
	assert_true(ipv4_overlap(&b, &a));
	assert_false(ipv4_overlap(&a, &c));
	assert_true(ipv4_parse("0.0.0.0/0", &b));
	assert_true(ipv4_overlap(&b, &c));
	assert_false(ipv4_has_host_bits(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subnets),
		cmocka_unit_test(what_is_no_block),
		cmocka_unit_test(host_bits_and_overlap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

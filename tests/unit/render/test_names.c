/*
 * Protects: a node id is its own Terraform name where it can be, and no two ids share one;
 * physical names stay inside the service's limit and alphabet.
 */
#include "check.h"

#include "base/str.h"
#include "base/strmap.h"
#include "render/names.h"

#include <stdio.h>

static void check_terraform(const char *id, const char *want)
{
	AUTO_STR name = STR_INIT;
	AUTO_STR back = STR_INIT;
	name_terraform(id, &name);
	assert_string_equal(name.data, want);
	assert_true(name_terraform_decode(name.data, &back));
	assert_string_equal(back.data, id);
}

static void terraform_names(void **state)
{
	(void)state;
	check_terraform("web", "web");
	check_terraform("_x-1", "_x-1");
	check_terraform("Web_Server-2", "Web_Server-2");
	check_terraform("web server", "web\xc2\xb7"
				      "20server");
	check_terraform("1st", "_\xc2\xb7_1st");
	check_terraform("", "_\xc2\xb7_");
	check_terraform("\xc3\xbc", "_\xc2\xb7_\xc2\xb7"
				    "c3\xc2\xb7"
				    "bc");
	check_terraform("a\"b${c}", "a\xc2\xb7"
				    "22b\xc2\xb7"
				    "24\xc2\xb7"
				    "7bc\xc2\xb7"
				    "7d");
	check_terraform("_\xc2\xb7_1st", "_\xc2\xb7"
					 "c2\xc2\xb7"
					 "b7_1st");
}

static void not_names(void **state)
{
	static const char *const cases[] = {"a b", "a\xc2\xb7", "a\xc2\xb7zz", "1st",
		"a\xc2\xb7"
		"41", /* "A" needs no escape */
		"_\xc2\xb7_web",
		"a\xc2\xb7"
		"2G"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STR id = STR_INIT;
		if (name_terraform_decode(cases[i], &id))
			fail_msg("'%s' is taken for the name of '%s'", cases[i], id.data);
		assert_int_equal(id.len, 0);
	}
}

/* All ids of up to three characters from a nasty alphabet: as many names as ids. */
static void terraform_names_differ(void **state)
{
	static const char alphabet[] = "aA1_-. \"\xc2\xb7$";
	const size_t n = sizeof(alphabet) - 1;
	AUTO_STRMAP seen = {0};
	size_t count = 0;
	(void)state;
	for (size_t i = 0; i < (n + 1) * (n + 1) * (n + 1); i++) {
		char id[4] = {0};
		size_t len = 0;
		bool gap = false;
		for (size_t rest = i, k = 0; k < 3; k++, rest /= n + 1) {
			if (rest % (n + 1) == 0)
				gap = true;
			else if (gap)
				len = 4;
			else
				id[len++] = alphabet[rest % (n + 1) - 1];
		}
		if (len > 3)
			continue;
		AUTO_STR name = STR_INIT;
		name_terraform(id, &name);
		if (strmap_has(&seen, name.data))
			fail_msg("'%s' is the name of two ids", name.data);
		strmap_put(&seen, name.data, &seen);
		count++;
	}
	assert_int_equal(count, 1 + n + n * n + n * n * n);
}

static const struct name_scope scope = {"123456789012", "eu-central-1", "example/specs", "shop"};

static void check_physical(
	const struct name_scope *s, const char *node, size_t limit, const char *start)
{
	AUTO_STR name = STR_INIT;
	name_physical(s, node, limit, &name);
	if (name.len > limit || !str_starts(name.data, start) ||
		name.len != strlen(start) + NAME_DIGEST)
		fail_msg("'%s' is no '%sXXXXXXXX' of at most %zu", name.data, start, limit);
	assert_int_equal(strspn(name.data, "abcdefghijklmnopqrstuvwxyz0123456789-"), name.len);
	assert_null(strstr(name.data, "--"));
}

static void physical_names(void **state)
{
	const struct name_scope odd = {"1", "r", "x", "2nd Shop!"};
	const struct name_scope wide = {"1", "r", "x", "a-rather-long-name-of-a-canvas"};
	const struct name_scope reserved = {"1", "r", "x", "internal"};
	(void)state;
	check_physical(&scope, "web", 63, "shop-web-");
	check_physical(&scope, "Web_Server", 63, "shop-web-server-");
	check_physical(&scope, "__x__", 63, "shop-x-");
	check_physical(&scope, "\xc3\xbc", 63, "shop-");
	check_physical(&odd, "db", 63, "c-2nd-shop-db-");
	check_physical(&wide, "a-node-with-a-long-name", 32, "a-rather-lo-a-node-with-");
	check_physical(&wide, "db", 32, "a-rather-long-name-o-db-");
	check_physical(&scope, "a-node-with-a-long-name", 20, "shop-a-node-");
	/* AWS refuses names of load balancers that start so, and of groups with "sg-". */
	check_physical(&reserved, "lb", 32, "c-internal-lb-");
}

static void physical_names_depend_on_all_of_the_scope(void **state)
{
	AUTO_STRMAP seen = {0};
	(void)state;
	for (int i = 0; i < 6; i++) {
		struct name_scope s = scope;
		const char **fields[] = {&s.account, &s.region, &s.repository, &s.canvas};
		if (i < 4)
			*fields[i] = "other";
		AUTO_STR name = STR_INIT;
		name_physical(&s, i == 4 ? "web2" : "web", 12, &name);
		const char *digest = name.data + name.len - NAME_DIGEST;
		assert_false(strmap_has(&seen, digest));
		strmap_put(&seen, digest, &seen);
	}
}

static void dns_labels(void **state)
{
	(void)state;
	AUTO_STR label = STR_INIT;
	name_dns_label("Web_Server.1", &label);
	assert_string_equal(label.data, "web-server-1");
	str_clear(&label);
	name_dns_label("\xc3\xbc", &label);
	assert_string_equal(label.data, "node");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terraform_names),
		cmocka_unit_test(not_names),
		cmocka_unit_test(terraform_names_differ),
		cmocka_unit_test(physical_names),
		cmocka_unit_test(physical_names_depend_on_all_of_the_scope),
		cmocka_unit_test(dns_labels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Protects: the preview says what Terraform will say: which resources come, go, change, and which
 * are replaced, also by what they refer to.
 */
#include "check.h"

#include "base/err.h"
#include "base/str.h"
#include "render/render.h"

struct rule {
	const char *name;
	const char *before, *after; /* HCL; NULL: no rendering */
	const char *want; /* one line a change */
};

#define DB(extra)                                                                                  \
	"resource \"aws_db_subnet_group\" \"db\" {\n  name = \"g\"\n  subnet_ids = "               \
	"[aws_subnet.private_0.id]\n}\n"                                                           \
	"resource \"aws_db_instance\" \"db\" {\n  db_subnet_group_name = "                         \
	"aws_db_subnet_group.db.name\n" extra "}\n"
#define SUBNET(cidr)                                                                               \
	"resource \"aws_subnet\" \"private_0\" {\n  vpc_id = aws_vpc.main.id\n  cidr_block = "     \
	"\"" cidr "\"\n}\n"
#define VPC(cidr, dns)                                                                             \
	"resource \"aws_vpc\" \"main\" {\n  cidr_block = \"" cidr                                  \
	"\"\n  enable_dns_hostnames = " dns "\n}\n"
#define CACHE(engine)                                                                              \
	"resource \"aws_elasticache_replication_group\" \"c\" {\n  engine = \"" engine "\"\n}\n"
#define INSTANCE(body) "resource \"aws_instance\" \"web\" {\n" body "}\n"

static const struct rule cases[] = {
	{"nothing", INSTANCE("  ami = \"a\"\n"), INSTANCE("  ami = \"a\"\n"), ""},
	{"layout is no change", INSTANCE("  x = [1, 2]\n"), INSTANCE("x = [\n1,\n2]\n"), ""},
	{"first rendering", NULL, INSTANCE("  ami = \"a\"\n"), "create aws_instance.web\n"},
	{"removed", INSTANCE("  ami = \"a\"\n"), NULL, "destroy aws_instance.web\n"},
	{"in place", INSTANCE("  instance_type = \"a\"\n"), INSTANCE("  instance_type = \"b\"\n"),
		"update aws_instance.web instance_type: \"a\" -> \"b\"\n"},
	{"an attribute comes", INSTANCE(""), INSTANCE("  instance_type = \"b\"\n"),
		"update aws_instance.web instance_type: - -> \"b\"\n"},
	{"an attribute goes", INSTANCE("  monitoring = true\n"), INSTANCE(""),
		"update aws_instance.web monitoring: true -> -\n"},
	{"forced", INSTANCE("  key_name = \"a\"\n"), INSTANCE("  key_name = \"b\"\n"),
		"replace aws_instance.web key_name: \"a\" -> \"b\"! (key_name changes)\n"},
	{"forced in a nested block",
		INSTANCE("  root_block_device {\n    encrypted = false\n  }\n"),
		INSTANCE("  root_block_device {\n    encrypted = true\n  }\n"),
		"replace aws_instance.web root_block_device.encrypted: false -> true! "
		"(root_block_device.encrypted changes)\n"},
	{"what is kept when left out", INSTANCE("  key_name = \"a\"\n"), INSTANCE(""), ""},
	{"forced from one value", CACHE("valkey"), CACHE("redis"),
		"replace aws_elasticache_replication_group.c engine: \"valkey\" -> \"redis\"! "
		"(engine changes)\n"},
	{"not forced from another", CACHE("redis"), CACHE("valkey"),
		"update aws_elasticache_replication_group.c engine: \"redis\" -> \"valkey\"\n"},
	{"ignored", INSTANCE("  ami = \"a\"\n"),
		INSTANCE("  ami = \"b\"\n  lifecycle {\n    ignore_changes = [tags, ami]\n  }\n"),
		""},
	{"ignoring one is not ignoring another", INSTANCE("  ami_x = \"a\"\n"),
		INSTANCE("  ami_x = \"b\"\n  lifecycle {\n    ignore_changes = [ami]\n  }\n"),
		"update aws_instance.web ami_x: \"a\" -> \"b\"\n"},
	{"order of dependencies only", INSTANCE("  depends_on = [aws_vpc.main]\n"), INSTANCE(""),
		""},
	{"an update spreads nothing", VPC("10.0.0.0/16", "false") SUBNET("10.0.0.0/20"),
		VPC("10.0.0.0/16", "true") SUBNET("10.0.0.0/20"),
		"update aws_vpc.main enable_dns_hostnames: false -> true\n"},
	{"a replacement spreads by ids", VPC("10.0.0.0/16", "true") SUBNET("10.0.0.0/20"),
		VPC("10.1.0.0/16", "true") SUBNET("10.0.0.0/20"),
		"replace aws_subnet.private_0 vpc_id: aws_vpc.main.id -> (known after apply)! "
		"(aws_vpc.main is replaced)\n"
		"replace aws_vpc.main cidr_block: \"10.0.0.0/16\" -> \"10.1.0.0/16\"! "
		"(cidr_block changes)\n"},
	{"a name that is written stays through a replacement",
		SUBNET("10.0.0.0/20") DB("  engine = \"mysql\"\n"),
		SUBNET("10.0.16.0/20") DB("  engine = \"mysql\"\n"),
		"update aws_db_subnet_group.db subnet_ids: [aws_subnet.private_0.id] -> (known "
		"after apply)\n"
		"replace aws_subnet.private_0 cidr_block: \"10.0.0.0/20\" -> \"10.0.16.0/20\"! "
		"(cidr_block changes)\n"},
	{"inside a text",
		SUBNET("10.0.0.0/20")
			INSTANCE("  user_data = \"x ${aws_subnet.private_0.id} y\"\n"),
		SUBNET("10.0.16.0/20")
			INSTANCE("  user_data = \"x ${aws_subnet.private_0.id} y\"\n"),
		"update aws_instance.web user_data: \"x ${aws_subnet.private_0.id} y\" -> (known "
		"after apply)\n"
		"replace aws_subnet.private_0 cidr_block: \"10.0.0.0/20\" -> \"10.0.16.0/20\"! "
		"(cidr_block changes)\n"},
	{"resources that refer to each other end",
		"resource \"a\" \"x\" {\n  p = b.y.id\n}\n" SUBNET("10.0.0.0/20"),
		"resource \"a\" \"x\" {\n  p = a.x.id\n}\n" SUBNET("10.0.0.0/20"),
		"update a.x p: b.y.id -> a.x.id\n"},
	{"data and outputs are no resources", "output \"x\" {\n  value = 1\n}\n",
		"output \"x\" {\n  value = 2\n}\ndata \"a\" \"b\" {\n}\n", ""},
};

static void load(const char *text, struct arena *arena, struct rendering *ret)
{
	AUTO_ERR err = NULL;
	const struct render_file file = {"x.tf", text, strlen(text)};
	if (rendering_from_files(&file, 1, arena, ret, &err) < 0)
		fail_msg("%s", err->cause ? err->cause->message : err->message);
}

static void describe(const struct preview *p, struct str *out)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct preview_change *c = &p->changes[i];
		str_addf(out, "%s %s", preview_action_name(c->action), c->address);
		for (size_t k = 0; k < c->attr_count; k++) {
			const struct preview_attr *a = &c->attrs[k];
			str_addf(out, "%s %s: %s -> %s%s", k ? "," : "", a->path,
				a->before ? a->before : "-", a->after ? a->after : "-",
				a->forces_replacement ? "!" : "");
		}
		if (c->why)
			str_addf(out, " (%s)", c->why);
		str_addc(out, '\n');
	}
}

static void previews(void **state)
{
	AUTO_DIAGS diags = {0};
	struct render_types *types = render_types_load(&diags);
	(void)state;
	assert_non_null(types);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_STR got = STR_INIT;
		struct rendering before, after;
		struct preview p;
		if (cases[i].before)
			load(cases[i].before, &arena, &before);
		if (cases[i].after)
			load(cases[i].after, &arena, &after);
		render_preview(types, cases[i].before ? &before : NULL,
			cases[i].after ? &after : NULL, &arena, &p);
		describe(&p, &got);
		if (!str_eq(got.data, cases[i].want))
			fail_msg("%s:\n%swanted:\n%s", cases[i].name, got.data, cases[i].want);
		assert_int_equal(p.count, p.create + p.update + p.replace + p.destroy);
	}
	render_types_free(types);
}

#define KEY         "resource \"aws_kms_key\" \"k\" {\n  description = \"k\"\n}\n"
#define KEY2        "resource \"aws_kms_key\" \"k2\" {\n  description = \"k\"\n}\n"
#define QUEUE(body) "resource \"aws_sqs_queue\" \"q\" {\n" body "}\n"

/* A key goes from under what stays, and only then. */
static void lost_keys(void **state)
{
	static const struct {
		const char *before, *after, *user; /* NULL: nothing is lost */
	} rows[] = {
		{KEY QUEUE("  kms_master_key_id = aws_kms_key.k.arn\n"), QUEUE(""),
			"aws_sqs_queue.q"},
		{KEY QUEUE("  x = [\"a\", aws_kms_key.k]\n"), QUEUE(""), "aws_sqs_queue.q"},
		{KEY QUEUE("  b {\n    key = aws_kms_key.k.arn\n  }\n"), QUEUE(""),
			"aws_sqs_queue.q"},
		{KEY QUEUE("  kms_master_key_id = aws_kms_key.k.arn\n"), KEY QUEUE(""), NULL},
		{KEY QUEUE("  kms_master_key_id = aws_kms_key.k.arn\n"), INSTANCE(""), NULL},
		{KEY QUEUE(""), QUEUE(""), NULL},
		{KEY QUEUE("  policy = jsonencode(aws_kms_key.k.arn)\n"), QUEUE(""), NULL},
		{KEY KEY2 QUEUE("  kms_master_key_id = aws_kms_key.k2.arn\n"), KEY2 QUEUE(""),
			NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA arena = {0};
		struct rendering before, after;
		load(rows[i].before, &arena, &before);
		load(rows[i].after, &arena, &after);
		const struct render_lost_key lost = render_find_lost_key(&before, &after);
		if (!str_eq(lost.user, rows[i].user) ||
			!str_eq(lost.key, rows[i].user ? "aws_kms_key.k" : NULL))
			fail_msg("row %zu: %s of %s", i, lost.key, lost.user);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(previews), cmocka_unit_test(lost_keys)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The fields of a Role, and the rules between them. */
#include "spec/decode.h"

#include "base/str.h"

#include <string.h>

#define AT(member) offsetof(struct role, member)

static const char *const partitions[] = {"aws", "aws-us-gov", "aws-cn", NULL};

static const struct field permission_fields[] = {
	{.key = "deploy",
		.type = FIELD_BOOL,
		.offset = AT(permissions.deploy),
		.fallback = "true",
		.doc = "May the members plan and apply canvases of this role?",
		.example = "true"},
	{.key = "viewCost",
		.type = FIELD_BOOL,
		.offset = AT(permissions.view_cost),
		.fallback = "true",
		.doc = "May the members see what canvases cost?",
		.example = "true"},
	{.key = "manageRoles",
		.type = FIELD_BOOL,
		.offset = AT(permissions.manage_roles),
		.fallback = "false",
		.doc = "May the members change Role specs? Judged by the role as recorded last.",
		.example = "false"},
};
static const struct field_table table_permissions = {.name = "permissions",
	.doc = "What the members of the role may do.",
	.fields = permission_fields,
	.count = ARRAY_LEN(permission_fields)};

static const struct field quota_fields[] = {
	{.key = "monthly",
		.type = FIELD_DECIMAL,
		.flags = FIELD_REQUIRED,
		.offset = AT(quota.monthly),
		.doc = "The most that all canvases of the role may cost in a month.",
		.example = "500.00"},
	{.key = "currency",
		.type = FIELD_TEXT,
		.offset = AT(quota.currency),
		.grammar = &grammar_currency,
		.fallback = "USD",
		.doc = "Currency of the amount.",
		.example = "USD"},
};
static const struct field_table table_quota = {.name = "quota",
	.doc = "A limit on cost.",
	.fields = quota_fields,
	.count = ARRAY_LEN(quota_fields)};

static const struct field assume_fields[] = {
	{.key = "roleArn",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		.offset = AT(credentials.role_arn),
		.grammar = &grammar_arn_role,
		.doc = "The IAM role that Terraform assumes; it belongs to the role's account.",
		.example = "arn:aws:iam::123456789012:role/deploy"},
	{.key = "externalId",
		.type = FIELD_TEXT,
		.offset = AT(credentials.external_id),
		.grammar = &grammar_external_id,
		.doc = "External id that the trust policy of the IAM role asks for.",
		.example = "shop-4711"},
	{.key = "sessionName",
		.type = FIELD_TEXT,
		.offset = AT(credentials.session_name),
		.grammar = &grammar_session,
		.default_doc = "made from the canvas",
		.doc = "Session name as CloudTrail shows it.",
		.example = "trueup-shop"},
	/* STS takes 900 to 43200 seconds. */
	{.key = "duration",
		.type = FIELD_DURATION,
		.flags = FIELD_SECONDS,
		.offset = AT(credentials.duration_s),
		.fallback = "1h",
		.min = 900000,
		.max = 43200000,
		.doc = "How long a session lasts; the IAM role's own maximum applies too.",
		.example = "1h"},
};
static const struct field_table table_assume = {.name = "assumeRole",
	.doc = "Assume an IAM role with the credentials of trueup's own environment.",
	.fields = assume_fields,
	.count = ARRAY_LEN(assume_fields)};

static const struct field environment_fields[] = {
	{.key = "prefix",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		.offset = AT(credentials.name),
		.grammar = &grammar_env_prefix,
		.doc = "SHOP_ means SHOP_AWS_ACCESS_KEY_ID, SHOP_AWS_SECRET_ACCESS_KEY and so on.",
		.example = "SHOP_"},
};
static const struct field_table table_environment = {.name = "environment",
	.doc = "Take credentials from environment variables with a prefix.",
	.fields = environment_fields,
	.count = ARRAY_LEN(environment_fields)};

enum { GROUP_ASSUME = 1, GROUP_PROFILE, GROUP_ENVIRONMENT, GROUP_STORED };

static const struct field credential_fields[] = {
	{.key = "assumeRole",
		.type = FIELD_TABLE,
		.table = &table_assume,
		.group = GROUP_ASSUME,
		.doc = "Assume an IAM role with the credentials of trueup's own environment.",
		.example = "{roleArn: arn:aws:iam::123456789012:role/deploy}"},
	{.key = "profile",
		.type = FIELD_TEXT,
		.offset = AT(credentials.name),
		.grammar = &grammar_word,
		.group = GROUP_PROFILE,
		.doc = "A profile of the AWS configuration files on the machine that reconciles.",
		.example = "shop-prod"},
	{.key = "environment",
		.type = FIELD_TABLE,
		.table = &table_environment,
		.group = GROUP_ENVIRONMENT,
		.doc = "Take credentials from environment variables with a prefix.",
		.example = "{prefix: SHOP_}"},
	{.key = "stored",
		.type = FIELD_TEXT,
		.offset = AT(credentials.name),
		.grammar = &grammar_name,
		.group = GROUP_STORED,
		.doc = "The name of a credential that trueup itself keeps, encrypted.",
		.example = "shop-prod"},
};

static void check_credentials(struct decoder *d, const struct node *map, void *obj)
{
	struct role *role = obj;
	(void)d;
	if (node_get(map, "assumeRole"))
		role->credentials.from = CREDENTIALS_ASSUME_ROLE;
	else if (node_get(map, "profile"))
		role->credentials.from = CREDENTIALS_PROFILE;
	else if (node_get(map, "environment"))
		role->credentials.from = CREDENTIALS_ENVIRONMENT;
	else if (node_get(map, "stored"))
		role->credentials.from = CREDENTIALS_STORED;
}

static const struct field_table table_credentials = {.name = "credentials",
	.doc = "Where credentials come from: just one of the four. Left out: the environment of "
	       "trueup itself. Secrets are never written in a spec.",
	.fields = credential_fields,
	.count = ARRAY_LEN(credential_fields),
	.one_group = true,
	.check = check_credentials};

static const struct field role_fields[] = {
	{.key = "description",
		.type = FIELD_TEXT,
		.offset = AT(description),
		.doc = "What the role is for.",
		.example = "Web shop team"},
	{.key = "account",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_PLACED,
		.offset = AT(account),
		.grammar = &grammar_account,
		.doc = "The AWS account that canvases of this role live in. In quotes: an account "
		       "id "
		       "without them is a number and loses its zeros.",
		.example = "\"123456789012\""},
	{.key = "partition",
		.type = FIELD_WORD,
		.flags = FIELD_AS_TEXT,
		.offset = AT(partition),
		.words = partitions,
		.fallback = "aws",
		.doc = "The AWS partition of the account.",
		.example = "aws"},
	{.key = "region",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_PLACED,
		.offset = AT(region),
		.grammar = &grammar_region,
		.doc = "The region of canvases that name none.",
		.example = "eu-west-1"},
	{.key = "allowedServices",
		.type = FIELD_TEXTS,
		.flags = FIELD_REQUIRED,
		.offset = AT(allowed_services),
		.grammar = &grammar_service,
		.doc = "The resource types that canvases of this role may use.",
		.example = "[EC2, RDS, S3]"},
	{.key = "allowedRegions",
		.type = FIELD_TEXTS,
		.offset = AT(allowed_regions),
		.grammar = &grammar_region,
		.default_doc = "only `region`",
		.doc = "The regions that canvases of this role may use.",
		.example = "[eu-west-1, eu-central-1]"},
	{.key = "allowedInstanceTypes",
		.type = FIELD_TEXTS,
		.offset = AT(allowed_instance_types),
		.grammar = &grammar_glob,
		.default_doc = "all",
		.doc = "Instance, class and node types that canvases of this role may use, as "
		       "patterns "
		       "with * and ?.",
		.example = "[t3.*, db.t4g.*]"},
	{.key = "permissions",
		.type = FIELD_TABLE,
		.table = &table_permissions,
		.doc = "What the members of the role may do.",
		.example = "{deploy: true}"},
	{.key = "members",
		.type = FIELD_TEXTS,
		.offset = AT(members),
		.grammar = &grammar_actor,
		.doc = "Who has this role: people and tokens by where they are known from.",
		.example = "[os:alice, github:alice]"},
	{.key = "quota",
		.type = FIELD_TABLE,
		.flags = FIELD_INERT,
		.table = &table_quota,
		.doc = "A limit on what all canvases of the role may cost together.",
		.example = "{monthly: 500.00, currency: USD}"},
	{.key = "credentials",
		.type = FIELD_TABLE,
		.table = &table_credentials,
		.default_doc = "the environment of trueup itself",
		.doc = "Where credentials come from: just one of the four.",
		.example = "{profile: shop-prod}"},
	{.key = "active",
		.type = FIELD_BOOL,
		.offset = AT(active),
		.fallback = "true",
		.doc = "An inactive role may not plan or apply anything.",
		.example = "true"},
};

static const char *partition_of_region(const char *region)
{
	if (str_starts(region, "us-gov-"))
		return "aws-us-gov";
	return str_starts(region, "cn-") ? "aws-cn" : "aws";
}

static void check_region(struct decoder *d, const struct role *role, const struct spec_text *region)
{
	if (region->text && role->partition &&
		!str_eq(partition_of_region(region->text), role->partition)) {
		struct diag *e = diag_error(d->diags, "spec-partition", region->pos,
			"region '%s' is not in the partition '%s'", region->text, role->partition);
		diag_hint(d->diags, e, "write `partition: %s`", partition_of_region(region->text));
	}
}

/* Assuming a role of another account would put resources where the spec does not say. */
static void check_arn(struct decoder *d, const struct role *role, const struct node *map)
{
	const char *arn = role->credentials.role_arn;
	const struct node *where =
		node_get(node_get(node_get(map, "credentials"), "assumeRole"), "roleArn");
	if (!arn || !where)
		return;
	const char *partition = arn + 4;
	const size_t len = strcspn(partition, ":");
	if (role->partition &&
		(strlen(role->partition) != len || strncmp(partition, role->partition, len) != 0))
		diag_error(d->diags, "spec-partition", where->pos,
			"'roleArn' is of the partition '%.*s', the role of '%s'", (int)len,
			partition, role->partition);
	const char *account = partition + len + strlen(":iam::");
	if (role->account.text && strncmp(account, role->account.text, 12) != 0)
		diag_error(d->diags, "spec-account", where->pos,
			"'roleArn' belongs to account %.12s, the role to account %s", account,
			role->account.text);
}

static void check_role(struct decoder *d, const struct node *map, void *obj)
{
	struct role *role = obj;
	check_region(d, role, &role->region);
	for (size_t i = 0; i < role->allowed_regions.count; i++)
		check_region(d, role, &role->allowed_regions.items[i]);
	check_arn(d, role, map);
}

const struct field_table table_role = {.name = "Role",
	.doc = "Who may use what: an AWS account, the resource types, regions and sizes that are "
	       "allowed in it, the people, and where credentials come from.",
	.fields = role_fields,
	.count = ARRAY_LEN(role_fields),
	.check = check_role};

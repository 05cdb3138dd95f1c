/*
 * Checks are written by hand and not with regular expressions: they run for every text of every
 * spec on the first load of a large repository. Each pattern beside a check says the same for
 * editors; a unit test holds the two against each other.
 */
#include "spec/grammar.h"

#include "base/str.h"
#include "spec/field.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_word(char c)
{
	return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

/* All of text are letters, digits, underscore or in more, and their number is within limits. */
static bool all_of(const char *text, size_t len, const char *more, size_t min, size_t max)
{
	if (len < min || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!text[i] || (!is_word(text[i]) && !strchr(more, text[i])))
			return false;
	return true;
}

bool name_ok(const char *text, size_t len)
{
	if (len < 1 || len > 63 || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_lower(text[i]) && !is_digit(text[i]) && text[i] != '-')
			return false;
	return true;
}

static bool account_ok(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]))
			return false;
	return len == 12;
}

static size_t lower_run(const char *text, size_t len, size_t i)
{
	while (i < len && is_lower(text[i]))
		i++;
	return i;
}

/* "eu-west-1", "us-gov-east-1", "ap-southeast-2": two letters, words, a number. */
static bool region_ok(const char *text, size_t len)
{
	size_t i = lower_run(text, len, 0), words = 0;
	if (i < 2 || i > 3)
		return false;
	while (i + 1 < len && text[i] == '-' && is_lower(text[i + 1])) {
		i = lower_run(text, len, i + 1);
		words++;
	}
	if (!words || i >= len || text[i] != '-')
		return false;
	const size_t digits = len - ++i;
	return digits >= 1 && digits <= 2 && is_digit(text[i]) && is_digit(text[len - 1]);
}

/* A region and a letter: "eu-west-1a". */
static bool zone_ok(const char *text, size_t len)
{
	return len > 1 && is_lower(text[len - 1]) && region_ok(text, len - 1);
}

static bool role_arn_ok(const char *text, size_t len)
{
	static const char *const heads[] = {
		"arn:aws:iam::", "arn:aws-us-gov:iam::", "arn:aws-cn:iam::"};
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		if (!str_starts(text, heads[i]))
			continue;
		const size_t head = strlen(heads[i]);
		const char *rest = text + head;
		return len > head + 18 && account_ok(rest, 12) && str_starts(rest + 12, ":role/") &&
		       all_of(rest + 18, len - head - 18, "+=,.@/-", 1, 1024) &&
		       text[len - 1] != '/';
	}
	return false;
}

/* A number of at most three digits without leading zeros; *at moves behind it. */
static bool small_number(const char **at, uint32_t max, uint32_t *ret)
{
	const size_t digits = strspn(*at, "0123456789");
	if (digits < 1 || digits > 3 || (digits > 1 && **at == '0'))
		return false;
	*ret = 0;
	for (size_t i = 0; i < digits; i++)
		*ret = *ret * 10 + (uint32_t)(*(*at)++ - '0');
	return *ret <= max;
}

bool cidr_parse(const char *text, uint32_t *ret_address, int *ret_prefix)
{
	uint32_t address = 0, part;
	const char *p = text;
	for (int i = 0; i < 4; i++) {
		if (!small_number(&p, 255, &part) || *p++ != (i < 3 ? '.' : '/'))
			return false;
		address = address << 8 | part;
	}
	if (!small_number(&p, 32, &part) || *p)
		return false;
	*ret_address = address;
	*ret_prefix = (int)part;
	return true;
}

static uint32_t mask_of(int prefix)
{
	return prefix ? ~UINT32_C(0) << (32 - prefix) : 0;
}

bool cidr_overlap(const char *a, const char *b)
{
	uint32_t x, y;
	int px, py;
	if (!cidr_parse(a, &x, &px) || !cidr_parse(b, &y, &py))
		return false;
	const uint32_t mask = mask_of(px < py ? px : py);
	return (x & mask) == (y & mask);
}

static bool vpc_cidr_ok(const char *text, size_t len)
{
	uint32_t address;
	int prefix;
	return strlen(text) == len && cidr_parse(text, &address, &prefix) && prefix >= 16 &&
	       prefix <= 24 && (address & ~mask_of(prefix)) == 0;
}

static bool hex_id_ok(const char *text, size_t len, const char *head)
{
	const size_t skip = strlen(head);
	if (!str_starts(text, head) || (len != skip + 8 && len != skip + 17))
		return false;
	for (size_t i = skip; i < len; i++)
		if (!is_digit(text[i]) && !(text[i] >= 'a' && text[i] <= 'f'))
			return false;
	return true;
}

static bool vpc_ok(const char *text, size_t len)
{
	return hex_id_ok(text, len, "vpc-");
}

static bool subnet_ok(const char *text, size_t len)
{
	return hex_id_ok(text, len, "subnet-");
}

static bool actor_ok(const char *text, size_t len)
{
	static const char *const heads[] = {
		"os:", "git:", "github:", "gitlab:", "gitea:", "token:"};
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		const size_t head = strlen(heads[i]);
		if (str_starts(text, heads[i]))
			return all_of(text + head, len - head, ".@+-[]", 1, 128);
	}
	return false;
}

static bool canvas_ref_ok(const char *text, size_t len)
{
	const size_t skip = str_starts(text, "canvas/") ? 7 : 0;
	return name_ok(text + skip, len - skip);
}

static bool role_ref_ok(const char *text, size_t len)
{
	const size_t skip = str_starts(text, "role/") ? 5 : 0;
	return name_ok(text + skip, len - skip);
}

static bool glob_ok(const char *text, size_t len)
{
	return all_of(text, len, ".*?-[]!", 1, 64);
}

static bool currency_ok(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 'A' || text[i] > 'Z')
			return false;
	return len == 3;
}

static bool external_id_ok(const char *text, size_t len)
{
	return all_of(text, len, "+=,.@:/-", 2, 1224);
}

static bool session_ok(const char *text, size_t len)
{
	return all_of(text, len, "+=,.@-", 2, 64);
}

static bool env_prefix_ok(const char *text, size_t len)
{
	return all_of(text, len, "", 1, 64) && !is_digit(text[0]);
}

static bool word_ok(const char *text, size_t len)
{
	return all_of(text, len, ".@/+-", 1, 128);
}

static bool known_value_ok(const char *text, size_t len)
{
	return all_of(text, len, ".:*-", 1, 64);
}

/* The part of git's check-ref-format(1) that people run into. */
static bool branch_ok(const char *text, size_t len)
{
	return all_of(text, len, "./+@#=,-", 1, 200) && text[0] != '-' && text[0] != '/' &&
	       text[0] != '.' && text[len - 1] != '/' && text[len - 1] != '.' &&
	       !strstr(text, "..") && !strstr(text, "//");
}

/* AWS: letters, digits, spaces and _.:/=+-@ in tag keys, not starting with "aws:". */
static bool tag_key_ok(const char *text, size_t len)
{
	return all_of(text, len, " .:/=+@-", 1, 128) && !str_starts(text, "aws:");
}

static bool version_ok(const char *text, size_t len)
{
	if (len < 1 || len > 64)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!text[i] || (!is_digit(text[i]) && !strchr(".~>=<!, ", text[i])))
			return false;
	return is_digit(text[len - 1]);
}

static bool node_id_ok(const char *text, size_t len)
{
	(void)text;
	return len >= 1 && len <= 255;
}

const char *const spec_services[] = {"ALB", "ASG", "CLOUDFRONT", "DYNAMODB", "EBS", "EC2", "ECS",
	"EKS", "ELASTICACHE", "KMS", "LAMBDA", "NAT_GATEWAY", "NLB", "RDS", "ROUTE53", "S3",
	"SECURITY_GROUP", "SNS", "SQS", NULL};

static const char *const programs[] = {"terraform", "tofu", NULL};

const struct grammar grammar_name = {"a name",
	"lower-case letters, digits and '-', at most 63, starting and ending with a letter or "
	"digit",
	"spec-name", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name_ok, NULL, NULL};
const struct grammar grammar_account = {"an account id",
	"12 digits in quotes, as in \"123456789012\"", "spec-account", "^[0-9]{12}$", account_ok,
	NULL, NULL};
const struct grammar grammar_region = {"a region", "as in eu-west-1", "spec-region",
	"^[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}$", region_ok, NULL, NULL};
const struct grammar grammar_zone = {"an availability zone",
	"a region and a letter, as in eu-west-1a", "spec-zone",
	"^[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}[a-z]$", zone_ok, NULL, NULL};
const struct grammar grammar_arn_role = {"the ARN of a role",
	"as in arn:aws:iam::123456789012:role/deploy", "spec-arn",
	"^arn:aws(-us-gov|-cn)?:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]*[A-Za-z0-9_+=,.@-]$",
	role_arn_ok, NULL, NULL};
const struct grammar grammar_cidr = {"the address block of a VPC",
	"an IPv4 block from /16 to /24 without host bits, as in 10.0.0.0/16", "spec-cidr",
	"^[0-9]{1,3}(\\.[0-9]{1,3}){3}/(1[6-9]|2[0-4])$", vpc_cidr_ok, NULL, NULL};
const struct grammar grammar_vpc = {"a VPC id", "as in vpc-0123456789abcdef0", "spec-id",
	"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", vpc_ok, NULL, NULL};
const struct grammar grammar_subnet = {"a subnet id", "as in subnet-0123456789abcdef0", "spec-id",
	"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$", subnet_ok, NULL, NULL};
const struct grammar grammar_actor = {"an actor",
	"os:, git:, github:, gitlab:, gitea: or token: and a name, as in os:alice", "spec-actor",
	"^(os|git|github|gitlab|gitea|token):([A-Za-z0-9_.@+-]|\\[|\\]){1,128}$", actor_ok, NULL,
	NULL};
const struct grammar grammar_canvas = {"a canvas", "canvas/NAME, as in canvas/core", "spec-name",
	"^(canvas/)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", canvas_ref_ok, NULL, "canvas/"};
const struct grammar grammar_role = {"a role", "the name of a Role, as in web-team", "spec-name",
	"^(role/)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", role_ref_ok, NULL, "role/"};
const struct grammar grammar_service = {
	"a resource type", "one of the types", "spec-service", NULL, NULL, spec_services, NULL};
const struct grammar grammar_glob = {"an instance type or a pattern of one", "as in t3.*",
	"spec-glob", "^([A-Za-z0-9_.*?!-]|\\[|\\]){1,64}$", glob_ok, NULL, NULL};
const struct grammar grammar_known_value = {"a value", "1 to 64 letters, digits and _.:*-",
	"spec-value", "^[A-Za-z0-9_.:*-]{1,64}$", known_value_ok, NULL, NULL};
const struct grammar grammar_currency = {"a currency", "three capital letters, as in USD",
	"spec-currency", "^[A-Z]{3}$", currency_ok, NULL, NULL};
const struct grammar grammar_external_id = {"an external id",
	"2 to 1224 letters, digits and _+=,.@:/-", "spec-external-id",
	"^[A-Za-z0-9_+=,.@:/-]{2,1224}$", external_id_ok, NULL, NULL};
const struct grammar grammar_session = {"a session name", "2 to 64 letters, digits and _+=,.@-",
	"spec-session-name", "^[A-Za-z0-9_+=,.@-]{2,64}$", session_ok, NULL, NULL};
const struct grammar grammar_env_prefix = {"a prefix of environment variables",
	"letters, digits and '_', not starting with a digit, as in SHOP_", "spec-env",
	"^[A-Za-z_][A-Za-z0-9_]{0,63}$", env_prefix_ok, NULL, NULL};
const struct grammar grammar_word = {"a name", "1 to 128 letters, digits and _.@/+-", "spec-name",
	"^[A-Za-z0-9_.@/+-]{1,128}$", word_ok, NULL, NULL};
const struct grammar grammar_branch = {"a branch", "as in main", "spec-branch",
	"^[A-Za-z0-9_+@#=,][A-Za-z0-9_./+@#=,-]{0,199}$", branch_ok, NULL, NULL};
const struct grammar grammar_tag_key = {"a tag key",
	"1 to 128 letters, digits, blanks and _.:/=+-@, not starting with aws:", "spec-tag",
	"^[A-Za-z0-9_ .:/=+@-]{1,128}$", tag_key_ok, NULL, NULL};
const struct grammar grammar_version = {"a version constraint", "as in ~> 5.100", "spec-version",
	"^[0-9.~>=<!, ]{0,63}[0-9]$", version_ok, NULL, NULL};
const struct grammar grammar_node_id = {
	"a node id", "1 to 255 bytes", "spec-node-id", "^.{1,255}$", node_id_ok, NULL, NULL};
const struct grammar grammar_program = {
	"a program", "terraform or tofu", "spec-enum", NULL, NULL, programs, NULL};

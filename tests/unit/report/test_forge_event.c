/*
 * Protects: a webhook counts only when it is signed, on its raw bytes; what it says is read right
 * for each forge; what does not matter is ignored, and a broken one is an error and no crash.
 */
#include "check.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "net/base64.h"
#include "net/hmac.h"
#include "report/forge_event.h"

#include <dirent.h>
#include <stdio.h>

#define SHA  "0123456789abcdef0123456789abcdef01234567"
#define SHA2 "89abcdef0123456789abcdef0123456789abcdef"
#define ZERO "0000000000000000000000000000000000000000"

struct headers {
	const char *pairs[8][2];
};

static const char *header(void *data, const char *name)
{
	const struct headers *h = data;
	for (size_t i = 0; i < ARRAY_LEN(h->pairs) && h->pairs[i][0]; i++)
		if (strcasecmp(h->pairs[i][0], name) == 0)
			return h->pairs[i][1];
	return NULL;
}

static const char *const secret[] = {"It's a Secret to Everybody"};

static struct forge_delivery delivery_of(
	enum forge_kind kind, struct headers *headers, const char *body)
{
	return (struct forge_delivery){.kind = kind,
		.header = header,
		.header_data = headers,
		.body = body,
		.len = strlen(body),
		.secrets = secret,
		.secret_count = 1,
		.now = 1000000};
}

static void hex_mac(const char *key, const char *body, char ret[65])
{
	unsigned char mac[HMAC_SIZE];
	hmac_sha256(key, strlen(key), body, strlen(body), mac);
	for (size_t i = 0; i < sizeof mac; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", mac[i]);
}

static void refused(const struct forge_delivery *d, const char *text)
{
	AUTO_ERR err = NULL;
	assert_int_equal(forge_verify(d, &err), -1);
	assert_int_equal(err->kind, ERR_DENIED);
	assert_non_null(strstr(err->message, text));
	assert_null(strstr(err->message, "Everybody"));
}

static void accepted(const struct forge_delivery *d)
{
	AUTO_ERR err = NULL;
	if (forge_verify(d, &err) < 0)
		fail_msg("%s", err->message);
}

/* docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries, "Testing". */
#define VECTOR "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static void the_documented_signature_verifies(void **state)
{
	(void)state;
	struct headers h = {{{"x-hub-signature-256", VECTOR}}};
	struct forge_delivery d = delivery_of(FORGE_GITHUB, &h, "Hello, World!");
	accepted(&d);
	d.kind = FORGE_GITEA;
	accepted(&d);
	d.kind = FORGE_GITLAB;
	refused(&d, "X-Gitlab-Token");
	d.kind = FORGE_GITHUB;
	d.body = "Hello, World?";
	refused(&d, "missing or wrong");
}

static void a_wrong_or_missing_signature_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"sha256=",
		"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
		"sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
		"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1",
		"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e170",
		"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
	};
	struct headers h = {{{"X-Hub-Signature-256", NULL}}};
	const struct forge_delivery d = delivery_of(FORGE_GITHUB, &h, "Hello, World!");
	refused(&d, "X-Hub-Signature-256");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		h.pairs[0][1] = wrong[i];
		refused(&d, "X-Hub-Signature-256");
	}
}

static void without_a_secret_nothing_passes(void **state)
{
	(void)state;
	static const char *const some_empty[] = {"It's a Secret to Everybody", ""};
	struct headers h = {{{"X-Hub-Signature-256", VECTOR}, {"X-Gitlab-Token", ""}}};
	for (int kind = FORGE_GITHUB; kind <= FORGE_GITEA; kind++) {
		struct forge_delivery d = delivery_of((enum forge_kind)kind, &h, "Hello, World!");
		d.secret_count = 0;
		refused(&d, "no secret is configured");
		d.secrets = some_empty;
		d.secret_count = 2;
		refused(&d, "no secret is configured");
	}
}

static void two_secrets_may_be_in_force(void **state)
{
	(void)state;
	static const char *const two[] = {"the new one", "It's a Secret to Everybody"};
	struct headers h = {{{"X-Hub-Signature-256", VECTOR}}};
	struct forge_delivery d = delivery_of(FORGE_GITHUB, &h, "Hello, World!");
	d.secrets = two;
	d.secret_count = 2;
	accepted(&d);
	d.secret_count = 1;
	refused(&d, "missing or wrong");
}

static void gitea_signs_in_bare_hex(void **state)
{
	(void)state;
	char hex[65];
	hex_mac(secret[0], "{}", hex);
	struct headers h = {{{"X-Gitea-Signature", hex}}};
	struct forge_delivery d = delivery_of(FORGE_GITEA, &h, "{}");
	accepted(&d);
	h.pairs[0][0] = "X-Forgejo-Signature";
	accepted(&d);
	hex[0] = hex[0] == '0' ? '1' : '0';
	refused(&d, "X-Gitea-Signature");
}

static void gitlab_sends_the_token_or_signs(void **state)
{
	(void)state;
	struct headers h = {{{"X-Gitlab-Token", secret[0]}}};
	struct forge_delivery d = delivery_of(FORGE_GITLAB, &h, "{}");
	accepted(&d);
	h.pairs[0][1] = "It's a Secret to Everybod";
	refused(&d, "X-Gitlab-Token");

	/* Standard Webhooks: HMAC over id.timestamp.body. */
	unsigned char mac[HMAC_SIZE];
	const char *whole = "msg-1.1000.{}";
	hmac_sha256(secret[0], strlen(secret[0]), whole, strlen(whole), mac);
	AUTO_STR signature = STR_INIT;
	str_add(&signature, "v1,AAAA v1,");
	base64_encode(mac, sizeof mac, &signature);
	h = (struct headers){{{"webhook-signature", signature.data}, {"webhook-id", "msg-1"},
		{"webhook-timestamp", "1000"}}};
	accepted(&d);
	d.now = 1000000 + 5 * 60 * 1000 + 1;
	refused(&d, "last five minutes");
	d.now = 1000000;
	h.pairs[1][1] = "msg-2";
	refused(&d, "webhook-signature");
	/* A token beside a wrong signature does not help. */
	h.pairs[3][0] = "X-Gitlab-Token";
	h.pairs[3][1] = secret[0];
	refused(&d, "webhook-signature");
}

static void gitlab_takes_a_secret_of_bytes(void **state)
{
	(void)state;
	static const char *const coded[] = {"whsec_AQID"};
	unsigned char mac[HMAC_SIZE];
	const char *whole = "msg-1.1000.{}";
	hmac_sha256("\1\2\3", 3, whole, strlen(whole), mac);
	AUTO_STR signature = STR_INIT;
	str_add(&signature, "v1,");
	base64_encode(mac, sizeof mac, &signature);
	struct headers h = {{{"webhook-signature", signature.data}, {"webhook-id", "msg-1"},
		{"webhook-timestamp", "1000"}}};
	struct forge_delivery d = delivery_of(FORGE_GITLAB, &h, "{}");
	d.secrets = coded;
	accepted(&d);
}

static const char *content_type = "application/json"; /* of a delivery */

/* Reads a signed delivery. */
static int read_event(struct arena *arena, enum forge_kind kind, const char *name, const char *body,
	struct forge_event *ret, struct err **err)
{
	char hex[65], prefixed[80];
	hex_mac(secret[0], body, hex);
	(void)snprintf(prefixed, sizeof prefixed, "sha256=%s", hex);
	struct headers h = {{{"Content-Type", content_type}, {"X-Hub-Signature-256", prefixed},
		{"X-Gitlab-Token", secret[0]},
		{kind == FORGE_GITLAB         ? "X-Gitlab-Event"
			: kind == FORGE_GITEA ? "X-Gitea-Event"
					      : "X-GitHub-Event",
			name},
		{kind == FORGE_GITLAB ? "Idempotency-Key" : "X-GitHub-Delivery", "id-1"}}};
	const struct forge_delivery d = delivery_of(kind, &h, body);
	return forge_event_read(&d, arena, ret, err);
}

static struct forge_event event_of(
	struct arena *arena, enum forge_kind kind, const char *name, const char *body)
{
	AUTO_ERR err = NULL;
	struct forge_event event;
	if (read_event(arena, kind, name, body, &event, &err) < 0)
		fail_msg("%s", err->message);
	return event;
}

#define HUB_PULL(number, extra)                                                                    \
	"\"pull_request\":{\"number\":" number ",\"title\":\"t\",\"state\":\"open\","              \
	"\"user\":{\"login\":\"alice\"},\"head\":{\"sha\":\"" SHA "\",\"ref\":\"topic\","          \
	"\"repo\":{\"full_name\":\"alice/shop\"}},\"base\":{\"sha\":\"" SHA2                       \
	"\",\"ref\":\"main\",\"repo\":{\"full_name\":\"octo/shop\"}}" extra "}"
#define HUB_REST ",\"repository\":{\"full_name\":\"octo/shop\"},\"sender\":{\"login\":\"bob\"}}"

static void reads_pull_requests_of_github(void **state)
{
	(void)state;
	static const struct {
		const char *action, *more;
		enum forge_event_kind kind;
		bool head_changed;
	} cases[] = {
		{"opened", "", FORGE_EVENT_PULL, true},
		{"synchronize", "", FORGE_EVENT_PULL, true},
		{"synchronized", "", FORGE_EVENT_PULL, true},
		{"reopened", "", FORGE_EVENT_PULL, true},
		{"ready_for_review", "", FORGE_EVENT_PULL, true},
		{"closed", "", FORGE_EVENT_PULL, false},
		{"edited", ",\"changes\":{\"base\":{}}", FORGE_EVENT_PULL, true},
		{"edited", ",\"changes\":{\"title\":{}}", FORGE_EVENT_IGNORED, false},
		{"labeled", "", FORGE_EVENT_IGNORED, false},
		{"assigned", "", FORGE_EVENT_IGNORED, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		const char *body = arena_printf(&arena, "{\"action\":\"%s\"%s,%s%s",
			cases[i].action, cases[i].more, HUB_PULL("7", ""), HUB_REST);
		const struct forge_event e = event_of(&arena, FORGE_GITHUB, "pull_request", body);
		assert_int_equal(e.kind, cases[i].kind);
		assert_string_equal(e.repository, "octo/shop");
		assert_string_equal(e.sender, "bob");
		assert_string_equal(e.delivery, "id-1");
		if (e.kind == FORGE_EVENT_IGNORED) {
			assert_non_null(e.why);
			continue;
		}
		assert_int_equal(e.head_changed, cases[i].head_changed);
		assert_int_equal(e.pull, 7);
		assert_string_equal(e.details->head_sha, SHA);
		assert_string_equal(e.details->base_ref, "main");
		assert_string_equal(e.details->author, "alice");
		assert_true(e.details->fork);
		assert_string_equal(e.details->head_repository, "alice/shop");
	}
}

static void a_merge_is_told_from_a_close(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct forge_event e = event_of(&arena, FORGE_GITHUB, "pull_request",
		"{\"action\":\"closed\"," HUB_PULL(
			"7", ",\"merged\":true,\"merge_commit_sha\":\"" SHA2 "\"") HUB_REST);
	assert_int_equal(e.details->state, FORGE_PULL_MERGED);
	assert_string_equal(e.details->merge_sha, SHA2);
	e = event_of(&arena, FORGE_GITHUB, "pull_request",
		"{\"action\":\"closed\",\"pull_request\":{\"number\":7,\"state\":\"closed\","
		"\"merged\":false,\"head\":{\"sha\":\"" SHA "\",\"repo\":null},"
		"\"base\":{\"ref\":\"main\"}}}");
	assert_int_equal(e.details->state, FORGE_PULL_CLOSED);
	assert_true(e.details->fork); /* its repository is gone */
}

static void reads_pushes(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct forge_event e = event_of(&arena, FORGE_GITHUB, "push",
		"{\"ref\":\"refs/heads/main\",\"before\":\"" SHA "\",\"after\":\"" SHA2
		"\",\"forced\":true" HUB_REST);
	assert_int_equal(e.kind, FORGE_EVENT_PUSH);
	assert_string_equal(e.before, SHA);
	assert_string_equal(e.after, SHA2);
	assert_true(e.forced);
	e = event_of(&arena, FORGE_GITEA, "push",
		"{\"ref\":\"refs/heads/x\",\"before\":\"" ZERO "\",\"after\":\"" SHA "\"}");
	assert_int_equal(e.kind, FORGE_EVENT_PUSH);
	assert_null(e.before);
	e = event_of(&arena, FORGE_GITHUB, "push",
		"{\"ref\":\"refs/heads/x\",\"before\":\"" SHA "\",\"after\":\"" ZERO "\"}");
	assert_null(e.after);
	e = event_of(&arena, FORGE_GITHUB, "push", "{\"ref\":\"refs/tags/v1\"}");
	assert_int_equal(e.kind, FORGE_EVENT_IGNORED);
	e = event_of(&arena, FORGE_GITLAB, "Push Hook",
		"{\"object_kind\":\"push\",\"ref\":\"refs/heads/main\",\"before\":\"" SHA
		"\",\"after\":\"" SHA2 "\",\"user_username\":\"alice\","
		"\"project\":{\"path_with_namespace\":\"group/sub/shop\"}}");
	assert_int_equal(e.kind, FORGE_EVENT_PUSH);
	assert_string_equal(e.repository, "group/sub/shop");
	assert_string_equal(e.sender, "alice");
}

static void reads_comments(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
#define COMMENT(action, issue)                                                                     \
	"{\"action\":\"" action "\",\"issue\":{\"number\":7" issue                                 \
	"},\"comment\":{\"id\":4711,\"body\":\"trueup "                                            \
	"plan\",\"user\":{\"login\":\"carol\"}}" HUB_REST
#define OF_PULL ",\"pull_request\":{\"url\":\"x\"}"
	struct forge_event e =
		event_of(&arena, FORGE_GITHUB, "issue_comment", COMMENT("created", OF_PULL));
	assert_int_equal(e.kind, FORGE_EVENT_COMMENT);
	assert_int_equal(e.pull, 7);
	assert_string_equal(e.comment_id, "4711");
	assert_string_equal(e.comment_body, "trueup plan");
	assert_string_equal(e.comment_author, "carol");
	assert_string_equal(e.sender, "bob");
	assert_false(e.comment_edited);
	e = event_of(&arena, FORGE_GITHUB, "issue_comment", COMMENT("edited", OF_PULL));
	assert_true(e.comment_edited);
	e = event_of(&arena, FORGE_GITHUB, "issue_comment", COMMENT("deleted", OF_PULL));
	assert_int_equal(e.kind, FORGE_EVENT_COMMENT_DELETED);
	assert_null(e.comment_body);
	e = event_of(&arena, FORGE_GITHUB, "issue_comment", COMMENT("created", ""));
	assert_int_equal(e.kind, FORGE_EVENT_IGNORED);
	e = event_of(&arena, FORGE_GITEA, "issue_comment",
		"{\"action\":\"created\",\"is_pull\":true,\"issue\":{\"number\":7},"
		"\"comment\":{\"id\":1,\"body\":\"x\",\"user\":{\"login\":\"carol\"}}}");
	assert_int_equal(e.kind, FORGE_EVENT_COMMENT);

	e = event_of(&arena, FORGE_GITLAB, "Note Hook",
		"{\"object_kind\":\"note\",\"user\":{\"username\":\"carol\"},"
		"\"object_attributes\":{\"id\":12,\"note\":\"trueup help\","
		"\"noteable_type\":\"MergeRequest\",\"action\":\"create\"},"
		"\"merge_request\":{\"iid\":3}}");
	assert_int_equal(e.kind, FORGE_EVENT_COMMENT);
	assert_int_equal(e.pull, 3);
	assert_string_equal(e.comment_author, "carol");
	e = event_of(&arena, FORGE_GITLAB, "Note Hook",
		"{\"object_kind\":\"note\",\"object_attributes\":{\"noteable_type\":\"Commit\"}}");
	assert_int_equal(e.kind, FORGE_EVENT_IGNORED);
}

static void reads_merge_requests_of_gitlab(void **state)
{
	(void)state;
	static const struct {
		const char *action, *more;
		enum forge_event_kind kind;
		bool head_changed;
	} cases[] = {
		{"open", "", FORGE_EVENT_PULL, true},
		{"reopen", "", FORGE_EVENT_PULL, true},
		{"update", ",\"oldrev\":\"" SHA2 "\"", FORGE_EVENT_PULL, true},
		{"update", "", FORGE_EVENT_IGNORED, false},
		{"close", "", FORGE_EVENT_PULL, false},
		{"merge", "", FORGE_EVENT_PULL, false},
		{"approved", "", FORGE_EVENT_REVIEW, false},
		{"unapproved", "", FORGE_EVENT_REVIEW, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		const char *body = arena_printf(&arena,
			"{\"object_kind\":\"merge_request\",\"user\":{\"username\":\"bob\"},"
			"\"project\":{\"path_with_namespace\":\"octo/shop\"},"
			"\"object_attributes\":{\"iid\":7,\"state\":\"opened\","
			"\"source_branch\":\"topic\",\"target_branch\":\"main\","
			"\"source_project_id\":5,\"target_project_id\":5,"
			"\"last_commit\":{\"id\":\"" SHA "\"},\"action\":\"%s\"%s}}",
			cases[i].action, cases[i].more);
		const struct forge_event e =
			event_of(&arena, FORGE_GITLAB, "Merge Request Hook", body);
		assert_int_equal(e.kind, cases[i].kind);
		if (e.kind == FORGE_EVENT_IGNORED)
			continue;
		assert_int_equal(e.pull, 7);
		assert_int_equal(e.head_changed, cases[i].head_changed);
		if (e.kind != FORGE_EVENT_PULL)
			continue;
		assert_string_equal(e.details->head_sha, SHA);
		assert_false(e.details->fork);
		assert_string_equal(e.details->head_repository, "octo/shop");
	}
}

/* Found by fuzzing: an own branch of a project that is not named. */
static void a_merge_request_may_lack_its_project(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	const struct forge_event e = event_of(&arena, FORGE_GITLAB, "Merge Request Hook",
		"{\"object_kind\":\"merge_request\",\"object_attributes\":{\"iid\":7,"
		"\"action\":\"open\",\"source_branch\":\"x\",\"target_branch\":\"main\","
		"\"source_project_id\":5,\"target_project_id\":5,\"last_commit\":{\"id\":\"" SHA
		"\"}}}");
	assert_int_equal(e.kind, FORGE_EVENT_PULL);
	assert_null(e.repository);
	assert_null(e.details->head_repository);
}

static void reads_reviews_of_gitea(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	const char *body = "{\"action\":\"reviewed\"," HUB_PULL("7", "") HUB_REST;
	assert_int_equal(event_of(&arena, FORGE_GITEA, "pull_request_approved", body).kind,
		FORGE_EVENT_REVIEW);
	assert_int_equal(event_of(&arena, FORGE_GITEA, "pull_request_rejected", body).kind,
		FORGE_EVENT_REVIEW);
	assert_int_equal(event_of(&arena, FORGE_GITEA, "pull_request_comment", body).kind,
		FORGE_EVENT_IGNORED);
}

static void what_is_broken_is_an_error(void **state)
{
	(void)state;
	static const struct {
		const char *event, *body, *text;
	} cases[] = {
		{"push", "", "not JSON"},
		{"push", "{", "not JSON"},
		{"push", "[]", "no map"},
		{"push", "{\"a\":\"\xff\"}", "not JSON"},
		{"push", "{}", "lacks ref"},
		{"push", "payload=%7B%7D", "not JSON"},
		{"pull_request", "{\"action\":\"opened\"}", "lacks the pull request"},
		{"pull_request", "{\"action\":\"opened\",\"pull_request\":[]}", "lacks"},
		{"pull_request_review", "{\"action\":\"submitted\"}", "lacks the number"},
		{"issue_comment", "{\"action\":\"created\",\"issue\":{\"pull_request\":{}}}",
			"lacks"},
		{NULL, "{}", "which event"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		struct forge_event e;
		assert_int_equal(
			read_event(&arena, FORGE_GITHUB, cases[i].event, cases[i].body, &e, &err),
			-1);
		assert_int_equal(err->kind, ERR_SYNTAX);
		if (!strstr(err->message, cases[i].text))
			fail_msg("%s", err->message);
	}
}

static void only_json_is_read(void **state)
{
	(void)state;
	static const struct {
		const char *type;
		bool fine;
	} cases[] = {
		{"application/json; charset=utf-8", true},
		{"Application/JSON ;charset=utf-8", true},
		{"text/plain", false},
		{"application/x-www-form-urlencoded", false},
		{"application/json-patch", false},
		{"application/jsonp; a=b", false},
		{"", false},
		{NULL, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		struct forge_event e;
		content_type = cases[i].type;
		const int rc = read_event(&arena, FORGE_GITHUB, "push",
			"{\"ref\":\"refs/heads/main\"" HUB_REST, &e, &err);
		content_type = "application/json";
		assert_int_equal(rc, cases[i].fine ? 0 : -1);
		if (rc < 0)
			assert_non_null(strstr(err->message, "content type to application/json"));
	}
}

static void ids_of_deliveries_are_harmless(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct headers h = {{{"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"}}};
	const struct forge_delivery d = delivery_of(FORGE_GITHUB, &h, "");
	assert_string_equal(forge_delivery_id(&d, &arena), "72d3162e-cc78-11e3-81ab-4c9367dc0958");
	h.pairs[0][1] = "a b";
	assert_null(forge_delivery_id(&d, &arena));
	h.pairs[0][1] = "\x1b[31m";
	assert_null(forge_delivery_id(&d, &arena));
	char longer[400];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	h.pairs[0][1] = longer;
	assert_null(forge_delivery_id(&d, &arena));
	/* An id in a comment's place cannot become a path. */
	const struct forge_event e = event_of(&arena, FORGE_GITHUB, "ping", "{}");
	assert_int_equal(e.kind, FORGE_EVENT_PING);
	AUTO_ERR err = NULL;
	struct forge_event bad;
	assert_int_equal(read_event(&arena, FORGE_GITHUB, "issue_comment",
				 "{\"action\":\"created\",\"issue\":{\"number\":7" OF_PULL
				 "},\"comment\":{\"id\":\"../../x\"}}",
				 &bad, &err),
		-1);
}

/*
 * All deliveries that GitHub's own examples have, when TRUEUP_WEBHOOKS names the unpacked package
 * (@octokit/webhooks-examples, api.github.com): one JSON file a payload below the folder of its
 * event.
 */
static void takes_all_examples(void **state)
{
	(void)state;
	const char *root = getenv("TRUEUP_WEBHOOKS");
	if (!root)
		skip();
	size_t counts[FORGE_EVENT_REVIEW + 1] = {0}, total = 0;
	DIR *events = opendir(root);
	assert_non_null(events);
	for (struct dirent *e; (e = readdir(events));) {
		AUTO_STR dir = STR_INIT;
		str_addf(&dir, "%s/%s", root, e->d_name);
		DIR *files = e->d_name[0] == '.' ? NULL : opendir(dir.data);
		for (struct dirent *f; files && (f = readdir(files));) {
			if (!str_ends(f->d_name, ".json") || strstr(f->d_name, "schema"))
				continue;
			AUTO_ARENA arena = {0};
			AUTO_STR body = STR_INIT, path = STR_INIT;
			AUTO_ERR err = NULL;
			struct forge_event event;
			str_addf(&path, "%s/%s", dir.data, f->d_name);
			assert_int_equal(fs_read(path.data, FORGE_BODY_MAX, &body, &err), 0);
			if (read_event(&arena, FORGE_GITHUB, e->d_name, body.data, &event, &err) <
				0)
				fail_msg("%s: %s", path.data, err->message);
			counts[event.kind]++;
			total++;
		}
		if (files)
			(void)closedir(files);
	}
	(void)closedir(events);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		print_message(
			"%s %zu\n", forge_event_kind_name((enum forge_event_kind)i), counts[i]);
	assert_int_equal(total, 329);
	assert_true(counts[FORGE_EVENT_PULL] > 5 && counts[FORGE_EVENT_PUSH] == 2);
	assert_true(counts[FORGE_EVENT_PING] == 4 && counts[FORGE_EVENT_REVIEW] > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documented_signature_verifies),
		cmocka_unit_test(a_wrong_or_missing_signature_is_refused),
		cmocka_unit_test(without_a_secret_nothing_passes),
		cmocka_unit_test(two_secrets_may_be_in_force),
		cmocka_unit_test(gitea_signs_in_bare_hex),
		cmocka_unit_test(gitlab_sends_the_token_or_signs),
		cmocka_unit_test(gitlab_takes_a_secret_of_bytes),
		cmocka_unit_test(reads_pull_requests_of_github),
		cmocka_unit_test(a_merge_is_told_from_a_close),
		cmocka_unit_test(reads_pushes),
		cmocka_unit_test(reads_comments),
		cmocka_unit_test(reads_merge_requests_of_gitlab),
		cmocka_unit_test(a_merge_request_may_lack_its_project),
		cmocka_unit_test(reads_reviews_of_gitea),
		cmocka_unit_test(what_is_broken_is_an_error),
		cmocka_unit_test(only_json_is_read),
		cmocka_unit_test(ids_of_deliveries_are_harmless),
		cmocka_unit_test(takes_all_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

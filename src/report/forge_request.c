/*
 * Requests to a forge: the credential, what an answer means for whoever waits for it, pages. The
 * forge's own words go into the error with everything secret masked and cut to a line, since a
 * proxy's error page may come in their place.
 */
#include "report/forge_request.h"

#include "base/secret.h"
#include "format/emit.h"
#include "format/yaml.h"
#include "report/forge_internal.h"
#include "report/term.h"

#include <stdarg.h>
#include <string.h>

enum {
	MESSAGE_MAX = 300,
	/* GitHub asks for a minute when it names no time (docs.github.com/rest/using-the-rest-api/
	 * rate-limits-for-the-rest-api). */
	LIMIT_WAIT_MS = 60 * 1000,
	/* Limits are by the hour: a time that is further away is a wrong clock. */
	LIMIT_WAIT_MAX_MS = 65 * 60 * 1000,
};

int64_t forge_now(const struct forge *f)
{
	return f->transport.now(f->transport.data);
}

const char *forge_path(const struct forge *f, struct arena *arena, const char *fmt, ...)
{
	AUTO_STR path = STR_INIT;
	str_add(&path, f->repo_path);
	va_list args;
	va_start(args, fmt);
	str_vaddf(&path, fmt, args);
	va_end(args);
	return arena_memdup(arena, path.data, path.len);
}

/* The answer as JSON; NULL if it is none. *ret_long: it may be one, but is more than can be read.
 */
static struct node *parse(const struct http_response *reply, struct arena *arena, bool *ret_long)
{
	char *text = arena_memdup(arena, reply->body.data, reply->body.len);
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){.path = "answer", .data = text, .len = reply->body.len};
	AUTO_DIAGS diags = {0};
	struct node *json = json_parse(arena, src, &diags);
	*ret_long = !json && diags.count && str_eq(diags.items[0].rule, "json-limit");
	return json;
}

/* Appends what the forge says is wrong: message, error, and GitHub's list of errors. */
static void add_reasons(struct str *out, const struct node *json)
{
	static const char *const keys[] = {"message", "error_description", "error", "errors"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct node *n = node_get(json, keys[i]);
		if (!n || n->type == NODE_NULL)
			continue;
		if (out->len)
			str_add(out, "; ");
		if (n->type == NODE_STRING)
			str_addn(out, n->text, n->len);
		else
			emit_json_line(n, out);
	}
}

/* One line of what the answer says, harmless and without the credential. */
static void describe(const struct forge *f, const struct http_response *reply,
	const struct node *json, struct str *out)
{
	AUTO_STR raw = STR_INIT;
	add_reasons(&raw, json);
	if (!raw.len && !json)
		str_addn(&raw, reply->body.data, reply->body.len < 200 ? reply->body.len : 200);
	struct masker *masker = masker_new();
	if (f->token)
		(void)masker_add(masker, f->token);
	AUTO_STR masked = STR_INIT;
	masker_apply(masker, raw.data, raw.len, &masked);
	masker_free(masker);
	for (size_t i = 0; i < masked.len; i++)
		if (strchr("\r\n\t", masked.data[i]))
			masked.data[i] = ' ';
	const size_t len = utf8_cut(masked.data, masked.len, MESSAGE_MAX);
	if (len)
		str_add(out, ": ");
	text_harmless(masked.data, len, out);
}

static bool mentions_limit(const struct http_response *reply)
{
	return strcasestr(reply->body.data, "rate limit") || strcasestr(reply->body.data, "abuse");
}

/*
 * GitHub: 403 or 429 with Retry-After (secondary), or with nothing remaining until a reset
 * (primary), or only in words. GitLab and Gitea: 429.
 */
static bool is_limit(const struct http_response *reply)
{
	if (reply->status == 429)
		return true;
	return reply->status == 403 &&
	       (http_retry_at(reply) || http_rate_remaining(reply) == 0 || mentions_limit(reply));
}

/* When to ask again; a wait is at least a second (resets are in whole ones, clocks differ). */
static int64_t limit_end(const struct forge *f, const struct http_response *reply)
{
	const int64_t now = forge_now(f), said = http_retry_at(reply);
	int64_t wait = said ? said - now : LIMIT_WAIT_MS;
	if (wait < 1000)
		wait = 1000;
	return now + (wait < LIMIT_WAIT_MAX_MS ? wait : LIMIT_WAIT_MAX_MS);
}

struct meaning {
	enum forge_fault fault;
	enum err_kind kind;
	const char *advice;
};

static struct meaning meaning_of(const struct http_response *reply)
{
	if (is_limit(reply))
		return (struct meaning){FORGE_RATE_LIMIT, ERR_UNAVAILABLE, " (rate limit)"};
	switch (reply->status) {
	case 401:
		return (struct meaning){FORGE_CREDENTIAL, ERR_DENIED,
			"; the credential has expired or was revoked: put a new one into the "
			"server's file"};
	case 403:
		return (struct meaning){FORGE_FORBIDDEN, ERR_DENIED,
			"; the credential lacks a permission (docs/forges.md lists them)"};
	case 404:
	case 410:
		return (struct meaning){FORGE_MISSING, ERR_NOT_FOUND, ""};
	case 408: /* timeout */
	case 409: /* two at once: GitLab's statuses */
	case 423: /* locked */
	case 425: /* too early */
		return (struct meaning){FORGE_SERVER, ERR_UNAVAILABLE, ""};
	default:
		break;
	}
	if (reply->status >= 500)
		return (struct meaning){FORGE_SERVER, ERR_UNAVAILABLE, ""};
	if (reply->status >= 300 && reply->status < 400)
		return (struct meaning){FORGE_REFUSED, ERR_INVALID,
			"; it answers from elsewhere: has the repository been renamed?"};
	return (struct meaning){FORGE_REFUSED, ERR_INVALID, ""};
}

static int judge(struct forge *f, const char *method, const char *path,
	const struct http_response *reply, struct arena *arena, struct node **ret, struct err **err)
{
	const bool empty = reply->body.len == 0;
	struct node *json = empty ? NULL : parse(reply, arena, &f->too_long);
	if (reply->status >= 200 && reply->status < 300) {
		if (ret)
			*ret = json;
		if (json || empty || !ret)
			return 0;
		f->failure.fault = FORGE_NETWORK;
		return err_set(err, ERR_CORRUPT, "%s: %s %s: the answer is %s", f->host, method,
			path, f->too_long ? "longer than can be read" : "not JSON");
	}
	const struct meaning meaning = meaning_of(reply);
	f->failure.fault = meaning.fault;
	if (meaning.fault == FORGE_RATE_LIMIT || http_retry_at(reply))
		f->failure.retry_at = limit_end(f, reply);
	AUTO_STR said = STR_INIT;
	describe(f, reply, json, &said);
	return err_set(err, meaning.kind, "%s: %s %s: %d%s%s", f->host, method, path, reply->status,
		said.data, meaning.advice);
}

static int exchange(struct forge *f, const char *authorization, const char *method,
	const char *path, const char *body, struct http_response *reply, struct err **err)
{
	AUTO_STR url = STR_INIT;
	str_addf(&url, "%s%s", f->api, path);
	const bool github = f->kind == FORGE_GITHUB;
	struct http_header headers[] = {
		{"Authorization", authorization, true},
		{"User-Agent", "trueup", false},
		{"Accept",
			github ? "application/vnd.github+json, application/json"
			       : "application/json",
			false},
		{"Content-Type", "application/json", false},
		{"X-GitHub-Api-Version", "2022-11-28", false},
	};
	const struct http_request request = {.method = method,
		.url = url.data,
		.headers = headers,
		.header_count = github ? 5 : 4,
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.once = f->once,
		.follow = true};
	f->once = false;
	f->failure = (struct forge_failure){0};
	f->too_long = false;
	if (f->transport.perform(f->transport.data, &request, reply, err) < 0) {
		f->failure.fault = FORGE_NETWORK;
		f->too_long = err_kind_of(*err) == ERR_INVALID; /* over the client's own limit */
		return err_wrap(err, "%s: %s %s", f->host, method, path);
	}
	f->failure.status = reply->status;
	return 0;
}

int forge_call_as(struct forge *f, const char *authorization, const char *method, const char *path,
	const struct node *body, struct arena *arena, struct node **ret, struct err **err)
{
	AUTO_STR text = STR_INIT;
	if (body)
		emit_canonical(body, &text);
	AUTO_HTTP_RESPONSE reply = HTTP_RESPONSE_INIT;
	if (exchange(f, authorization, method, path, body ? text.data : NULL, &reply, err) < 0)
		return -1;
	return judge(f, method, path, &reply, arena, ret, err);
}

static int call_once(struct forge *f, const char *method, const char *path, const struct node *body,
	struct arena *arena, struct node **ret, struct err **err)
{
	const bool once = f->once;
	f->once = false;
	if (f->app_id && forge_app_token(f, err) < 0)
		return -1;
	f->once = once;
	AUTO_STR value = STR_INIT;
	str_addf(&value, "%s %s", f->kind == FORGE_GITEA ? "token" : "Bearer", f->token);
	const int rc = forge_call_as(f, value.data, method, path, body, arena, ret, err);
	secret_wipe(value.data, value.len);
	return rc;
}

int forge_call(struct forge *f, const char *method, const char *path, const struct node *body,
	struct arena *arena, struct node **ret, struct err **err)
{
	if (ret)
		*ret = NULL;
	const bool once = f->once;
	struct err *first = NULL;
	if (call_once(f, method, path, body, arena, ret, &first) == 0)
		return 0;
	/* An installation token that was revoked early is obtained anew, once. */
	if (!f->app_id || !f->token || f->failure.fault != FORGE_CREDENTIAL) {
		*err = first;
		return -1;
	}
	err_free(&first);
	forge_app_forget(f);
	f->once = once;
	return call_once(f, method, path, body, arena, ret, err);
}

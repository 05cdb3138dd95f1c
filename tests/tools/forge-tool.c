/*
 * Drives the forge client and the outbox from a shell test:
 *
 *	forge-tool call KIND URL REPO CREDENTIAL COMMAND [ARGUMENT...]
 *	forge-tool put STATE TARGET COMMAND [ARGUMENT...]
 *	forge-tool deliver STATE KIND URL REPO CREDENTIAL
 *	forge-tool rows STATE
 *
 * CREDENTIAL is a token, or app:ID:FILE for a GitHub App and the file of its key. Bodies are read
 * from standard input. FORGE_NOW is the wall clock that a delivery goes by, FORGE_TIMEOUT the time
 * for one request, both in milliseconds. Exit: 0 done; 1 an error, whose kind and text go to
 * standard error; 3 the delivery left something due; 4 it gave something up.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "report/outbox.h"
#include "store/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct connection {
	char **argv; /* KIND URL REPO CREDENTIAL */
};

static int64_t now(void)
{
	const char *fixed = getenv("FORGE_NOW");
	int64_t ms;
	return fixed && num_parse_i64(fixed, strlen(fixed), &ms) ? ms : clock_now_ms();
}

static int64_t number(const char *text)
{
	int64_t n = 0;
	if (!text || !num_parse_i64(text, strlen(text), &n))
		return 0;
	return n;
}

static int read_key(const char *credential, struct str *id, struct str *key, struct err **err)
{
	const char *colon = strchr(credential + 4, ':');
	if (!colon)
		return err_set(err, ERR_INVALID, "app:ID:FILE");
	str_addn(id, credential + 4, (size_t)(colon - credential - 4));
	return fs_read(colon + 1, 1 << 16, key, err);
}

static int open_forge(void *data, const char *target, struct forge **ret, struct err **err)
{
	(void)target;
	const struct connection *c = data;
	AUTO_STR id = STR_INIT, key = STR_INIT;
	struct forge_config config = {.url = c->argv[1],
		.repository = c->argv[2],
		.timeout_ms = getenv("FORGE_TIMEOUT") ? number(getenv("FORGE_TIMEOUT")) : 2000};
	if (!forge_kind_parse(c->argv[0], &config.kind))
		return err_set(err, ERR_INVALID, "no such kind: %s", c->argv[0]);
	if (str_starts(c->argv[3], "app:")) {
		if (read_key(c->argv[3], &id, &key, err) < 0)
			return -1;
		config.app_id = id.data;
		config.app_key_pem = key.data;
	} else {
		config.token = c->argv[3];
	}
	return forge_open(&config, ret, err);
}

static int read_input(struct str *out, struct err **err)
{
	return fs_read_fd(STDIN_FILENO, "standard input", 4 << 20, out, err);
}

static void print_pull(const struct forge_pull *p)
{
	static const char *const states[] = {"open", "closed", "merged"};
	static const char *const answers[] = {"unknown", "yes", "no"};
	printf("pull %lld %s %s head %s base %s%s%s mergeable %s author %s\n", (long long)p->number,
		states[p->state], p->fork ? "fork" : "own", p->head_sha, p->base_ref,
		p->draft ? " draft" : "", p->merge_sha ? " merged" : "", answers[p->mergeable],
		p->author);
}

static int call_pulls(struct forge *f, char **args, struct arena *a, struct err **err)
{
	struct forge_pulls list = {0};
	if (str_eq(args[0], "pull")) {
		struct forge_pull pull;
		if (forge_pull_get(f, number(args[1]), a, &pull, err) < 0)
			return -1;
		print_pull(&pull);
		return 0;
	}
	const int rc = str_eq(args[0], "pulls")
			       ? forge_pull_open(f, a, &list, err)
			       : forge_pull_changed(f, number(args[1]), a, &list, err);
	for (size_t i = 0; rc == 0 && i < list.count; i++)
		print_pull(&list.items[i]);
	return rc;
}

static int call_statuses(struct forge *f, char **args, struct arena *a, struct err **err)
{
	if (str_eq(args[0], "status")) {
		struct forge_status status = {.context = args[2], .description = args[4]};
		if (!forge_state_parse(args[3], &status.state))
			return err_set(err, ERR_INVALID, "no such state: %s", args[3]);
		return forge_status_set(f, args[1], &status, err);
	}
	struct forge_statuses list;
	if (forge_status_list(f, args[1], a, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		printf("%s %s %s\n", list.items[i].context, forge_state_name(list.items[i].state),
			list.items[i].description ? list.items[i].description : "-");
	return 0;
}

static int call_comments(struct forge *f, char **args, struct arena *a, struct err **err)
{
	AUTO_STR body = STR_INIT;
	const char *id;
	if (str_eq(args[0], "delete"))
		return forge_comment_delete(f, number(args[1]), args[2], err);
	if (str_eq(args[0], "comments")) {
		struct forge_comments list;
		if (forge_comment_list(f, number(args[1]), number(args[2]), a, &list, err) < 0)
			return -1;
		for (size_t i = 0; i < list.count; i++)
			printf("comment %s by %s, %zu bytes%s\n", list.items[i].id,
				list.items[i].author, strlen(list.items[i].body),
				list.items[i].edited ? ", edited" : "");
		return 0;
	}
	if (read_input(&body, err) < 0)
		return -1;
	if (str_eq(args[0], "update"))
		return forge_comment_update(f, number(args[1]), args[2], body.data, err);
	if (forge_comment_create(f, number(args[1]), body.data, a, &id, err) < 0)
		return -1;
	printf("%s\n", id);
	return 0;
}

static int call_people(struct forge *f, char **args, struct arena *a, struct err **err)
{
	static const char *const reviews[] = {"commented", "approved", "changes", "dismissed"};
	if (str_eq(args[0], "login")) {
		const char *login;
		if (forge_login(f, a, &login, err) < 0)
			return -1;
		printf("%s\n", login);
		return 0;
	}
	if (str_eq(args[0], "permission")) {
		enum forge_permission permission;
		if (forge_permission(f, args[1], &permission, err) < 0)
			return -1;
		printf("%s\n", forge_permission_name(permission));
		return 0;
	}
	struct forge_approvals list;
	if (forge_approval_list(f, number(args[1]), a, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		printf("%s %s %s\n", list.items[i].author, reviews[list.items[i].review],
			list.items[i].sha ? list.items[i].sha : "-");
	return 0;
}

static int call_other(struct forge *f, char **args, struct err **err)
{
	if (str_eq(args[0], "react")) {
		enum forge_reaction reaction;
		if (!forge_reaction_parse(args[3], &reaction))
			return err_set(err, ERR_INVALID, "no such reaction: %s", args[3]);
		return forge_react(f, number(args[1]), args[2], reaction, err);
	}
	int64_t behind;
	if (forge_behind(f, args[1], args[2], &behind, err) < 0)
		return -1;
	printf("%lld\n", (long long)behind);
	return 0;
}

/* Which commands a function knows, and with how many arguments at least. */
static int call(struct forge *f, int argc, char **args, struct arena *a, struct err **err)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(struct forge *f, char **args, struct arena *a, struct err **err);
	} commands[] = {
		{"pull", 1, call_pulls},
		{"pulls", 0, call_pulls},
		{"changed", 1, call_pulls},
		{"status", 4, call_statuses},
		{"statuses", 1, call_statuses},
		{"comments", 2, call_comments},
		{"comment", 1, call_comments},
		{"update", 2, call_comments},
		{"delete", 2, call_comments},
		{"login", 0, call_people},
		{"permission", 1, call_people},
		{"approvals", 1, call_people},
	};
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (str_eq(commands[i].name, args[0]) && argc > commands[i].arguments)
			return commands[i].run(f, args, a, err);
	if ((str_eq(args[0], "react") && argc == 4) || (str_eq(args[0], "behind") && argc == 3))
		return call_other(f, args, err);
	return err_set(err, ERR_INVALID, "no such command, or too few arguments: %s", args[0]);
}

static int put(struct store *store, const char *target, int argc, char **args, struct err **err)
{
	AUTO_STR body = STR_INIT;
	if (str_eq(args[0], "status") && argc == 5) {
		struct forge_status status = {.context = args[2], .description = args[4]};
		if (!forge_state_parse(args[3], &status.state))
			return err_set(err, ERR_INVALID, "no such state: %s", args[3]);
		return outbox_put_status(store, target, args[1], &status, now(), err);
	}
	if (str_eq(args[0], "end") && argc == 3)
		return outbox_end_statuses(store, target, args[1], args[2], now(), err);
	if (str_eq(args[0], "reaction") && argc == 4) {
		enum forge_reaction reaction;
		if (!forge_reaction_parse(args[3], &reaction))
			return err_set(err, ERR_INVALID, "no such reaction: %s", args[3]);
		return outbox_put_reaction(
			store, target, number(args[1]), args[2], reaction, now(), err);
	}
	if (str_eq(args[0], "deleted") && argc == 3)
		return outbox_comment_deleted(store, target, number(args[1]), args[2], now(), err);
	if (argc != 3 || read_input(&body, err) < 0)
		return err_set(err, ERR_INVALID, "comment|reply PULL NAME, and a body");
	if (str_eq(args[0], "comment"))
		return outbox_put_comment(
			store, target, number(args[1]), args[2], body.data, now(), err);
	return outbox_put_reply(store, target, number(args[1]), args[2], body.data, now(), err);
}

static void print_failure(
	void *data, const char *target, const char *key, const char *error, int64_t next_at)
{
	(void)data;
	printf("%s %s/%s: %s\n", next_at ? "failed" : "dead", target, key, error);
}

static int print_rows(struct store *store, struct arena *a, struct err **err)
{
	static const enum outbox_state states[] = {OUTBOX_DUE, OUTBOX_DONE, OUTBOX_DEAD};
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct outbox_rows rows;
		if (store_outbox_list(store, states[i], 10000, a, &rows, err) < 0)
			return -1;
		for (size_t j = 0; j < rows.count; j++)
			printf("%s %s attempts %lld%s%s\n", outbox_state_name(states[i]),
				rows.items[j].key, (long long)rows.items[j].attempts,
				rows.items[j].error ? ": " : "",
				rows.items[j].error ? rows.items[j].error : "");
	}
	return 0;
}

static int deliver(struct store *store, struct connection *c, struct err **err)
{
	const struct outbox_delivery delivery = {
		.store = store, .open = open_forge, .data = c, .now = now, .failed = print_failure};
	struct outbox_result result;
	if (outbox_deliver(&delivery, &result, err) < 0)
		return -1;
	printf("delivered %zu failed %zu dead %zu next %s\n", result.delivered, result.failed,
		result.dead, result.next_at < 0 ? "never" : "later");
	return result.dead ? 4 : result.next_at >= 0 ? 3 : 0;
}

static int run(int argc, char **argv, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_STORE *store = NULL;
	AUTO_FORGE *forge = NULL;
	if (argc >= 7 && str_eq(argv[1], "call")) {
		struct connection c = {argv + 2};
		if (open_forge(&c, "", &forge, err) < 0)
			return -1;
		return call(forge, argc - 6, argv + 6, &arena, err);
	}
	if (argc < 3)
		return err_set(err, ERR_INVALID, "call, put, deliver or rows");
	if (store_open(argv[2], 0, &store, err) < 0)
		return -1;
	if (argc >= 5 && str_eq(argv[1], "put"))
		return put(store, argv[3], argc - 4, argv + 4, err);
	if (argc == 7 && str_eq(argv[1], "deliver")) {
		struct connection c = {argv + 3};
		return deliver(store, &c, err);
	}
	return print_rows(store, &arena, err);
}

int main(int argc, char **argv)
{
	AUTO_ERR err = NULL;
	const int rc = run(argc, argv, &err);
	if (rc >= 0)
		return rc;
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	(void)fprintf(stderr, "%s: %s\n", err_kind_name(err_kind_of(err)), text.data);
	return 1;
}

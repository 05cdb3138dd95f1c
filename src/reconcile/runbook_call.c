#include "reconcile/runbook_call.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "net/hmac.h"
#include "reconcile/message.h"
#include "reconcile/recorded.h"
#include "reconcile/runbook_internal.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "call.json"

enum { FILE_MAX = 1 << 20 };

const char *runbook_group_name(const struct runbook *runbook)
{
	const char *named = runbook->execution.concurrency.group.text;
	return named ? named : runbook->name;
}

/* ---- writing ---- */

/* A copy of this program in the folder of every script would be a waste. */
static bool may_call(const struct runbook *rb)
{
	return rb->inputs.count || strstr(rb->script_text.text, "trueup");
}

/* What a program outside of the run needs from us, and nothing that could be a secret. */
static const char *const *outer_environment(struct arena *arena)
{
	static const char *const names[] = {"PATH", "HOME", "CREDENTIALS_DIRECTORY",
		"GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "ASAN_OPTIONS", "UBSAN_OPTIONS"};
	const char **list = arena_array(arena, ARRAY_LEN(names) + 2, sizeof *list);
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		if (value)
			list[n++] = arena_printf(arena, "%s=%s", names[i], value);
	}
	list[n] = "LC_ALL=C.UTF-8";
	return list;
}

static struct node *link_node(struct arena *a, const struct runbook_link *link)
{
	struct node *map = node_new_map(a);
	message_set(a, map, "run", link->run_id);
	message_set(a, map, "runbook", link->runbook);
	message_set(a, map, "group", link->group);
	return map;
}

static struct node *chain_node(struct arena *a, const struct runbook_request *request,
	const struct runbook_run *run, const struct run_row *row)
{
	struct node *list = node_new_seq(a);
	const bool grouped = run->runbook->execution.concurrency.written;
	const struct runbook_link own = {
		row->id, run->name, grouped ? runbook_group_name(run->runbook) : NULL};
	for (size_t i = 0; i < request->chain_count; i++)
		node_seq_add(a, list, link_node(a, &request->chain[i]));
	node_seq_add(a, list, link_node(a, &own));
	return list;
}

static struct node *claims_node(struct arena *a, const struct runbook_request *request)
{
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < request->claim_count; i++) {
		const struct actor_claim *claim = &request->claims[i];
		struct node *map = node_new_map(a), *values = node_new_seq(a);
		message_set(a, map, "name", claim->name);
		for (size_t k = 0; k < claim->count; k++)
			node_seq_add(a, values, node_new_string(a, claim->values[k]));
		node_map_set(a, map, "values", values);
		node_seq_add(a, list, map);
	}
	return list;
}

int runbook_call_prepare(const struct session *session, const struct runbook_request *request,
	struct runbook_run *run, const struct run_row *row, const char *dir,
	struct runbook_call *ret, struct err **err)
{
	struct arena *a = &run->arena;
	AUTO_STR text = STR_INIT;
	AUTO_FREE char *path = path_join(dir, FILE_NAME);
	char digest[DIGEST_HEX];
	*ret = (struct runbook_call){0};
	if (!may_call(run->runbook))
		return 0;
	char *token = arena_alloc(a, 2 * CALL_TOKEN_BYTES + 1);
	random_hex(CALL_TOKEN_BYTES, token);
	digest_hex(token, strlen(token), digest);
	AUTO_FREE char *root = realpath(session->dir, NULL);
	struct node *map = node_new_map(a);
	message_set(a, map, "token", digest);
	message_set(a, map, "specRoot", root ? root : session->dir);
	message_set(a, map, "state", session->state_dir);
	message_set(a, map, "actor", row->actor);
	message_set(a, map, "role", request->role);
	if (request->claims)
		node_map_set(a, map, "claims", claims_node(a, request));
	message_set(a, map, "commit", row->commit_id);
	node_map_set(a, map, "worktree", node_new_bool(a, run->on_disk));
	node_map_set(a, map, "check", node_new_bool(a, request->mode == RUN_MODE_CHECK));
	node_map_set(a, map, "chain", chain_node(a, request, run, row));
	emit_json(map, &text);
	if (run_file_write(path, text.data, text.len, 0600, err) < 0)
		return -1;
	*ret = (struct runbook_call){token, outer_environment(a)};
	return 0;
}

/* ---- reading ---- */

/* NULL if it is not there: no role is another thing than an empty one. */
static const char *get_text(const struct node *map, const char *key)
{
	return node_text(node_get(map, key));
}

static void read_chain(struct arena *a, const struct node *list, struct runbook_request *ret)
{
	const size_t count = list && list->type == NODE_SEQ ? list->seq.count : 0;
	struct runbook_link *chain = arena_array(a, count + 1, sizeof *chain);
	for (size_t i = 0; i < count; i++) {
		const struct node *n = list->seq.items[i];
		chain[i] = (struct runbook_link){
			get_text(n, "run"), get_text(n, "runbook"), get_text(n, "group")};
	}
	ret->chain = chain;
	ret->chain_count = count;
}

static void read_claims(struct arena *a, const struct node *list, struct runbook_request *ret)
{
	if (!list || list->type != NODE_SEQ)
		return;
	struct actor_claim *claims = arena_array(a, list->seq.count + 1, sizeof *claims);
	for (size_t i = 0; i < list->seq.count; i++) {
		const struct node *n = list->seq.items[i], *seq = node_get(n, "values");
		const size_t count = seq && seq->type == NODE_SEQ ? seq->seq.count : 0;
		const char **values = arena_array(a, count + 1, sizeof *values);
		for (size_t k = 0; k < count; k++)
			values[k] = node_text(seq->seq.items[k]);
		claims[i] = (struct actor_claim){get_text(n, "name"), values, count};
	}
	ret->claims = claims;
	ret->claim_count = list->seq.count;
}

static int accept_document(const struct node *map, const struct call_request *call,
	struct arena *arena, struct runbook_inherited *ret, struct err **err)
{
	char digest[DIGEST_HEX];
	struct runbook_request *r = &ret->request;
	digest_hex(call->token, strlen(call->token), digest);
	const char *token = get_text(map, "token");
	if (!token || !equal_text_constant_time(token, digest))
		return err_set(err, ERR_DENIED,
			"the caller is not the run whose supervisor it "
			"asked");
	ret->spec_root = get_text(map, "specRoot");
	ret->state_dir = get_text(map, "state");
	r->actor = get_text(map, "actor");
	r->role = get_text(map, "role");
	if (!r->role)
		r->role = call->role;
	r->rev = get_text(map, "commit");
	r->worktree = message_bool(map, "worktree");
	r->cause = RUN_BY_SCRIPT;
	r->mode = call->mode == CALL_DRY_RUN                               ? RUN_MODE_VALIDATE
		  : call->mode == CALL_CHECK || message_bool(map, "check") ? RUN_MODE_CHECK
									   : RUN_MODE_RUN;
	r->timeout_ms = call->timeout_ms;
	read_chain(arena, node_get(map, "chain"), r);
	read_claims(arena, node_get(map, "claims"), r);
	if (!ret->spec_root || !ret->state_dir || !r->actor || !r->chain_count)
		return err_set(err, ERR_CORRUPT, "%s of the run is damaged", FILE_NAME);
	return 0;
}

int runbook_call_accept(const char *dir, const struct call_request *call, struct arena *arena,
	struct runbook_inherited *ret, struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_FREE char *path = path_join(dir, FILE_NAME);
	*ret = (struct runbook_inherited){0};
	if (fs_read(path, FILE_MAX, &text, err) < 0)
		return -1;
	return accept_document(
		recorded_json(arena, arena_strdup(arena, text.data)), call, arena, ret, err);
}

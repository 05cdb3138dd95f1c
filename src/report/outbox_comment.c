/*
 * Delivery of comments. What is known of the other side is a map from the part's number to its id
 * and the digest of what it says:
 *
 *	{"1": {"id": "4711", "sha": "9f2c..."}, "2": {...}}
 *
 * A part that is not known is looked for by its marker before it is made, so that an attempt that
 * died between making and recording leaves no second one. Parts stand in their order: when one has
 * to be made anew, those behind it are too.
 */
#include "base/digest.h"
#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "format/emit.h"
#include "report/outbox_internal.h"
#include "report/pull_comment.h"

#include <string.h>

enum { MARKER_ROOM = 300 };

struct part {
	const char *id; /* NULL: not there */
	const char *sha; /* of what it says; NULL: unknown */
};

struct parts {
	struct outbox_attempt *attempt;
	int64_t pull;
	const char *name;
	struct part known[PULL_PARTS_MAX];
	size_t known_count; /* the last one that is there */
	bool searched;
};

static void note(struct parts *p, size_t i, const char *id, const char *sha)
{
	p->known[i] = (struct part){id, sha};
	p->known_count = 0;
	for (size_t j = 0; j < PULL_PARTS_MAX; j++)
		if (p->known[j].id)
			p->known_count = j + 1;
}

static void read_known(struct parts *p)
{
	const struct node *remote = outbox_parse(p->attempt->row->remote, p->attempt->arena);
	MAP_FOREACH (remote, pair) {
		int64_t part;
		if (!num_parse_i64(pair->key->text, pair->key->len, &part) || part < 1 ||
			part > PULL_PARTS_MAX)
			continue;
		note(p, (size_t)part - 1, node_text(node_get(pair->value, "id")),
			node_text(node_get(pair->value, "sha")));
	}
}

static int record(struct parts *p, struct err **err)
{
	struct arena *a = p->attempt->arena;
	struct node *map = node_new_map(a);
	for (size_t i = 0; i < p->known_count; i++) {
		if (!p->known[i].id)
			continue;
		struct node *part = node_new_map(a);
		node_map_set(a, part, "id", node_new_string(a, p->known[i].id));
		if (p->known[i].sha)
			node_map_set(a, part, "sha", node_new_string(a, p->known[i].sha));
		node_map_set(a, map, arena_printf(a, "%zu", i + 1), part);
	}
	AUTO_STR text = STR_INIT;
	emit_canonical(map, &text);
	p->attempt->remote = arena_memdup(a, text.data, text.len);
	return store_outbox_remote(
		p->attempt->store, p->attempt->row, p->attempt->remote, p->attempt->now(), err);
}

/* The number behind the marker; 0 if there is none. */
static size_t part_of(const char *body, size_t marker_len)
{
	const char *at = body + marker_len;
	int64_t part;
	if (!num_parse_i64(at, strspn(at, "0123456789"), &part) || part > PULL_PARTS_MAX)
		return 0;
	return (size_t)part;
}

/* Looks for ours, once. Ones that are there twice (an account's token was in two hands) go. */
static int search(struct parts *p, struct err **err)
{
	if (p->searched)
		return 0;
	p->searched = true;
	struct outbox_attempt *t = p->attempt;
	AUTO_STR marker = STR_INIT;
	outbox_marker(&marker, p->name, 0);
	struct forge_comments found;
	if (forge_comment_find(t->forge, p->pull, marker.data, t->arena, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < found.count; i++) {
		const size_t part = part_of(found.items[i].body, marker.len);
		if (!part)
			continue;
		struct part *known = &p->known[part - 1];
		if (!known->id)
			note(p, part - 1, found.items[i].id, NULL);
		else if (!str_eq(known->id, found.items[i].id) &&
			 forge_comment_delete(t->forge, p->pull, found.items[i].id, err) < 0)
			return -1;
	}
	return 0;
}

/* Removes the parts from the given one on. What is recorded is ahead of what is there. */
static int remove_from(struct parts *p, size_t first, struct err **err)
{
	const char *ids[PULL_PARTS_MAX];
	size_t count = 0;
	for (size_t i = first; i < PULL_PARTS_MAX; i++) {
		if (p->known[i].id)
			ids[count++] = p->known[i].id;
		note(p, i, NULL, NULL);
	}
	if (count && record(p, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (forge_comment_delete(p->attempt->forge, p->pull, ids[i], err) < 0)
			return -1;
	return 0;
}

/* 1: it is not there any more, or belongs to an account that we were once. */
static int update(struct parts *p, size_t i, const char *body, struct err **err)
{
	struct outbox_attempt *t = p->attempt;
	struct err *failed = NULL;
	if (forge_comment_update(t->forge, p->pull, p->known[i].id, body, &failed) == 0)
		return 0;
	const enum forge_fault fault = forge_failure(t->forge).fault;
	if (fault != FORGE_MISSING && fault != FORGE_FORBIDDEN) {
		*err = failed;
		return -1;
	}
	err_free(&failed);
	return 1;
}

static int send_part(struct parts *p, size_t i, const char *text, struct err **err)
{
	struct outbox_attempt *t = p->attempt;
	AUTO_STR body = STR_INIT;
	outbox_marker(&body, p->name, i + 1);
	str_add(&body, text);
	char sha[DIGEST_HEX];
	digest_hex(body.data, body.len, sha);
	if (!p->known[i].id && search(p, err) < 0)
		return -1;
	if (p->known[i].id) {
		if (str_eq(p->known[i].sha, sha))
			return 0;
		const int rc = update(p, i, body.data, err);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			note(p, i, p->known[i].id, arena_strdup(t->arena, sha));
			return record(p, err);
		}
		note(p, i, NULL, NULL);
	}
	if (remove_from(p, i + 1, err) < 0)
		return -1;
	const char *id;
	if (forge_comment_create(t->forge, p->pull, body.data, t->arena, &id, err) < 0)
		return -1;
	note(p, i, id, arena_strdup(t->arena, sha));
	return record(p, err);
}

int outbox_send_comment(struct outbox_attempt *attempt, struct err **err)
{
	const struct node *pull = node_get(attempt->payload, "pull");
	struct parts p = {.attempt = attempt,
		.pull = pull && pull->type == NODE_INT ? pull->integer : 0,
		.name = node_text(node_get(attempt->payload, "name"))};
	const char *text = node_text(node_get(attempt->payload, "text"));
	if (!p.pull || !p.name || !text)
		return err_set(err, ERR_INVALID, "the recorded comment is damaged");
	read_known(&p);
	size_t count = 0;
	const char *const *parts = NULL;
	const size_t limit = forge_comment_limit(forge_kind_of(attempt->forge)) - MARKER_ROOM;
	if (*text)
		parts = pull_comment_split(text, limit, attempt->arena, &count);
	else if (search(&p, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (send_part(&p, i, parts[i], err) < 0)
			return -1;
	return remove_from(&p, count, err);
}

/*
 * Third pass: edges. Each meaning is one function that adds to the views of both ends; edges come
 * sorted, so that a rendering does not depend on their order in the file. References go by what
 * a type provides, so the code knows meanings and not types.
 */
#include "render/wire.h"

#include <stdlib.h>
#include <string.h>

static struct node *provide(struct wiring *w, const struct wire_edge *e, const struct wire_node *n,
	const char *what, bool required)
{
	for (size_t i = 0; i < n->type->provide_count; i++)
		if (str_eq(n->type->provides[i].name, what)) {
			struct node *v = wire_eval(w, n, n->type->provides[i].expr);
			return v ? v : w->none;
		}
	if (required)
		diag_error(w->diags, "type-internal", e->spec->target.pos,
			"%s provides no '%s', which an edge '%s' takes", n->type->name, what,
			edge_meaning_name(e->def->meaning));
	return w->none;
}

/* The first of several names that the node provides. */
static struct node *provide_any(struct wiring *w, const struct wire_edge *e,
	const struct wire_node *n, const char *first, const char *second)
{
	struct node *v = provide(w, e, n, first, false);
	return v != w->none ? v : provide(w, e, n, second, true);
}

static struct node *own_group(struct wiring *w, const struct wire_node *n)
{
	return wire_ref(w, "aws_security_group.", n->name, ".id");
}

/* What AWS takes in the description of a rule. */
static const char *plain(struct wiring *w, const char *id)
{
	AUTO_STR label = STR_INIT;
	name_dns_label(id, &label);
	return arena_strdup(w->arena, label.data);
}

static const char *pair_name(struct wiring *w, const struct wire_node *a, const struct wire_node *b)
{
	return arena_concat(w->arena, a->name, "__", b->name, NULL);
}

/* A rule at both ends of a TCP connection. The way out is there already when all of it is. */
static void allow_tcp(struct wiring *w, struct wire_node *from, struct wire_node *to, int64_t port)
{
	if (!from->interface || !to->interface)
		return;
	struct wire_rule rule = {"ingress", "group", own_group(w, from), "tcp", port, port,
		arena_printf(w->arena, "from_%s_%lld", from->name, (long long)port),
		arena_printf(w->arena, "from %s", plain(w, from->spec->id)), false};
	wire_rule_add(w, to, &rule);
	if (!str_eq(from->egress, "none"))
		return;
	rule = (struct wire_rule){"egress", "group", own_group(w, to), "tcp", port, port,
		arena_printf(w->arena, "to_%s_%lld", to->name, (long long)port),
		arena_printf(w->arena, "to %s", plain(w, to->spec->id)), false};
	wire_rule_add(w, from, &rule);
}

/* --- IAM statements ------------------------------------------------------------------------ */

static struct node *strings(struct wiring *w, const char *const *items)
{
	if (!items[1])
		return wire_text(w, items[0]);
	struct node *seq = node_new_seq(w->arena);
	for (size_t i = 0; items[i]; i++)
		node_seq_add(w->arena, seq, wire_text(w, items[i]));
	return seq;
}

/* Sids take letters and digits only. */
static const char *sid(struct wiring *w, const char *verb, const char *id)
{
	AUTO_STR text = STR_INIT;
	str_add(&text, verb);
	for (const char *p = id; *p; p++)
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= '0' && *p <= '9'))
			str_addc(&text, *p);
	return arena_strdup(w->arena, text.data);
}

static struct node *statement(struct wiring *w, struct wire_node *n, enum view_list list,
	const char *id, const char *const *actions, struct node *resource)
{
	struct node *s = wire_list_add(w, n, list);
	wire_set(w, s, "Sid", id);
	wire_set(w, s, "Effect", "Allow");
	node_map_set(w->arena, s, "Action", strings(w, actions));
	node_map_set(w->arena, s, "Resource", resource);
	return s;
}

static void to_service(struct wiring *w, struct node *s, const char *service, const char *test,
	const char *key, struct node *value)
{
	struct node *principal = node_new_map(w->arena), *condition = node_new_map(w->arena);
	struct node *inner = node_new_map(w->arena);
	wire_set(w, principal, "Service", service);
	node_map_set(w->arena, inner, key, value);
	node_map_set(w->arena, condition, test, inner);
	node_map_set(w->arena, s, "Principal", principal);
	node_map_set(w->arena, s, "Condition", condition);
}

/* A service writes to or reads from something encrypted: its key lets the service use it. */
static void allow_key(
	struct wiring *w, const struct wire_node *target, const char *service, const char *verb)
{
	static const char *const actions[] = {"kms:Decrypt", "kms:GenerateDataKey*", NULL};
	if (!target->key)
		return;
	struct node *s = statement(w, target->key, LIST_STATEMENTS, sid(w, verb, target->spec->id),
		actions, wire_text(w, "*"));
	to_service(
		w, s, service, "StringEquals", "aws:SourceAccount", wire_text(w, w->scope.account));
}

/* --- meanings -------------------------------------------------------------------------------- */

static void edge_attach(struct wiring *w, const struct wire_edge *e)
{
	if (!e->to->interface) {
		diag_error(w->diags, "edge-interface", e->spec->target.pos,
			"'%s' has no network interface that a security group could be attached to",
			e->to->spec->id);
		return;
	}
	node_seq_add(w->arena, e->to->lists[LIST_SECURITY_GROUP_IDS],
		provide(w, e, e->from, "security_group_id", true));
}

static void edge_volume(struct wiring *w, const struct wire_edge *e)
{
	if (e->from->lists[LIST_ATTACHMENTS]->seq.count > 0) {
		diag_error(w->diags, "edge-volume", e->spec->target.pos,
			"volume '%s' is attached already: it can be at one instance only",
			e->from->spec->id);
		return;
	}
	if (e->to->instance_count != 1) {
		struct diag *d = diag_error(w->diags, "edge-volume", e->spec->target.pos,
			"volume '%s' cannot be attached to the %lld instances of '%s'",
			e->from->spec->id, (long long)e->to->instance_count, e->to->spec->id);
		diag_hint(w->diags, d, "one node an instance, each with a volume of its own");
		return;
	}
	/* /dev/sdf to /dev/sdp are free for data (EC2 user guide, device naming). */
	size_t used = 0;
	SEQ_FOREACH (e->to->edges_in, i, peer)
		used += str_eq(node_text(node_get(peer, "meaning")), "volume");
	const struct node *instance = e->to->instances->seq.items[0];
	struct node *a = wire_list_add(w, e->from, LIST_ATTACHMENTS);
	wire_set(w, a, "name", pair_name(w, e->from, e->to));
	node_map_set(w->arena, a, "instance_id",
		node_new_ref(w->arena, "%s.id", node_get(instance, "primary")->text));
	wire_set(w, a, "device",
		arena_printf(w->arena, "/dev/sd%c", (char)('f' + (used > 0 ? used - 1 : 0) % 11)));
	node_map_set(w->arena, e->from->view, "az", node_get(instance, "az"));
}

static int64_t config_int(const struct wire_node *n, const char *key)
{
	const struct node *v = node_get(n->config, key);
	return v && v->type == NODE_INT ? v->integer : -1;
}

static int64_t target_port(struct wiring *w, const struct wire_edge *e)
{
	const struct node *own = provide(w, e, e->to, "target_port", false);
	if (own->type == NODE_INT)
		return own->integer;
	int64_t port = config_int(e->from, "targetPort");
	return port > 0 ? port : config_int(e->from, "port");
}

static struct node *add_target_group(
	struct wiring *w, struct wire_node *lb, const char *kind, int64_t port)
{
	/* By kind and not by order, so that one more target never renames a group. */
	const char *name = str_eq(kind, "instance")
				   ? lb->name
				   : arena_printf(w->arena, "%s__%s", lb->name, kind);
	struct node *g = wire_list_add(w, lb, LIST_TARGET_GROUPS);
	AUTO_STR id = STR_INIT;
	/* Another port is another group, and the new one is made before the old one goes. */
	str_addf(&id, "%s/%s/%lld", lb->spec->id, kind, (long long)port);
	wire_set(w, g, "name", name);
	wire_set(w, g, "slug", wire_slug(w, id.data, 32));
	wire_set(w, g, "kind", kind);
	node_map_set(
		w->arena, g, "arn", node_new_ref(w->arena, "aws_lb_target_group.%s.arn", name));
	node_map_set(w->arena, g, "port", node_new_int(w->arena, port));
	node_map_set(w->arena, g, "targets", node_new_seq(w->arena));
	return g;
}

static struct node *find_target_group(
	struct wiring *w, struct wire_node *lb, const char *kind, int64_t port)
{
	SEQ_FOREACH (lb->lists[LIST_TARGET_GROUPS], i, g) {
		if (str_eq(node_text(node_get(g, "kind")), kind))
			return g;
	}
	return add_target_group(w, lb, kind, port);
}

static struct node *add_target(
	struct wiring *w, const struct wire_edge *e, struct node *group, const char *name)
{
	struct node *t = node_new_map(w->arena);
	wire_set(w, t, "name", arena_printf(w->arena, "%s__%s", e->from->name, name));
	wire_set(w, t, "as", e->def->as);
	node_map_set(w->arena, t, "id", w->none);
	node_map_set(w->arena, t, "function_name", w->none);
	node_map_set(w->arena, t, "permission", w->none);
	node_seq_add(w->arena, node_get(group, "targets"), t);
	return t;
}

static void edge_target(struct wiring *w, const struct wire_edge *e)
{
	const char *as = e->def->as ? e->def->as : "instance";
	const char *kind = str_eq(as, "autoscaling") ? "instance" : as;
	const int64_t port = target_port(w, e);
	struct node *group = find_target_group(w, e->from, kind, port);
	if (str_eq(as, "instance")) {
		SEQ_FOREACH (e->to->instances, i, instance) {
			struct node *t =
				add_target(w, e, group, node_text(node_get(instance, "name")));
			node_map_set(w->arena, t, "id",
				node_new_ref(
					w->arena, "%s.id", node_get(instance, "primary")->text));
		}
	} else if (str_eq(as, "autoscaling")) {
		struct node *t = add_target(w, e, group, e->to->name);
		node_map_set(
			w->arena, t, "id", provide(w, e, e->to, "autoscaling_group_name", true));
	} else if (str_eq(as, "lambda")) {
		struct node *t = add_target(w, e, group, e->to->name);
		node_map_set(w->arena, t, "id", provide(w, e, e->to, "function_arn", true));
		node_map_set(
			w->arena, t, "function_name", provide(w, e, e->to, "function_name", true));
	}
	struct node *back = wire_list_add(w, e->to, LIST_LOAD_BALANCERS);
	node_map_set(w->arena, back, "target_group_arn", node_get(group, "arn"));
	node_map_set(w->arena, back, "port", node_new_int(w->arena, port));
	node_map_set(w->arena, back, "listener", provide(w, e, e->from, "listener", true));
	wire_set(w, back, "type", e->from->type->name);
	if (!str_eq(as, "lambda"))
		allow_tcp(w, e->from, e->to, port);
}

static void edge_connect(struct wiring *w, const struct wire_edge *e)
{
	const struct type_value *v = &e->to->type->port;
	const struct node *port = v->expr ? wire_eval(w, e->to, v->expr) : v->literal;
	if (!port || port->type != NODE_INT) {
		if (!e->to->open_values)
			diag_error(w->diags, "type-internal", e->spec->target.pos,
				"%s does not say what port it listens on", e->to->type->name);
		return;
	}
	if (!e->from->interface) {
		struct diag *d = diag_error(w->diags, "edge-interface", e->spec->source.pos,
			"'%s' is not in the network and cannot connect to '%s'", e->from->spec->id,
			e->to->spec->id);
		diag_hint(w->diags, d, "give it an interface (LAMBDA: 'vpc: true')");
		return;
	}
	allow_tcp(w, e->from, e->to, port->integer);
}

static void edge_nat(struct wiring *w, const struct wire_edge *e)
{
	if (e->to->interface && !e->to->in_public)
		return;
	diag_error(w->diags, "edge-nat", e->spec->target.pos,
		"'%s' is not in a private subnet: a NAT gateway is of no use to it",
		e->to->spec->id);
}

static void edge_origin(struct wiring *w, const struct wire_edge *e)
{
	static const char *const read[] = {"s3:GetObject", NULL};
	struct node *o = wire_list_add(w, e->from, LIST_ORIGINS);
	wire_set(w, o, "name", pair_name(w, e->from, e->to));
	wire_set(w, o, "id", e->to->name);
	wire_set(w, o, "node", e->to->spec->id);
	wire_set(w, o, "kind", e->def->as);
	if (!str_eq(e->def->as, "s3")) {
		node_map_set(w->arena, o, "domain", provide(w, e, e->to, "dns_name", true));
		return;
	}
	node_map_set(w->arena, o, "domain", provide(w, e, e->to, "bucket_domain", true));
	const struct node *bucket = provide(w, e, e->to, "bucket_arn", true);
	struct node *s =
		statement(w, e->to, LIST_STATEMENTS, sid(w, "AllowCloudFront", e->from->spec->id),
			read, node_new_ref(w->arena, "\"${%s}/*\"", bucket->text));
	to_service(w, s, "cloudfront.amazonaws.com", "StringEquals", "aws:SourceArn",
		provide(w, e, e->from, "distribution_arn", true));
	allow_key(w, e->to, "cloudfront.amazonaws.com", "AllowCloudFrontFor");
}

static void edge_alias(struct wiring *w, const struct wire_edge *e)
{
	const bool alias = !str_eq(e->def->as, "address");
	struct node *r = wire_list_add(w, e->from, LIST_RECORDS);
	const char *host = node_text(node_get(node_get(e->from->config, "hosts"), e->to->spec->id));
	wire_set(w, r, "name", pair_name(w, e->from, e->to));
	wire_set(w, r, "host", host ? host : plain(w, e->to->spec->id));
	wire_set(w, r, "kind", alias ? "alias" : "address");
	node_map_set(
		w->arena, r, "target", provide(w, e, e->to, alias ? "dns_name" : "address", true));
	node_map_set(
		w->arena, r, "zone_id", alias ? provide(w, e, e->to, "zone_id", true) : w->none);
}

static void edge_key(struct wiring *w, const struct wire_edge *e)
{
	if (e->to->key) {
		struct diag *d = diag_error(w->diags, "edge-key", e->spec->source.pos,
			"'%s' has a key already", e->to->spec->id);
		diag_related(w->diags, d, e->to->key->spec->pos, "this one");
		return;
	}
	e->to->key = e->from;
	node_map_set(w->arena, e->to->view, "kms_key_arn", provide(w, e, e->from, "key_arn", true));
}

/* source may call the function. */
static void permit(
	struct wiring *w, const struct wire_edge *e, const char *principal, struct node *source_arn)
{
	struct node *p = wire_list_add(w, e->to, LIST_PERMISSIONS);
	wire_set(w, p, "name", pair_name(w, e->to, e->from));
	wire_set(w, p, "principal", principal);
	node_map_set(w->arena, p, "source_arn", source_arn);
	wire_set(w, p, "sid", sid(w, "AllowFrom", e->from->spec->id));
}

static void edge_subscribe(struct wiring *w, const struct wire_edge *e)
{
	static const char *const send[] = {"sqs:SendMessage", NULL};
	struct node *topic = provide(w, e, e->from, "arn", true);
	struct node *endpoint = provide_any(w, e, e->to, "function_arn", "arn");
	struct node *s = wire_list_add(w, e->from, LIST_SUBSCRIPTIONS);
	wire_set(w, s, "name", pair_name(w, e->from, e->to));
	wire_set(w, s, "protocol", e->def->as);
	node_map_set(w->arena, s, "endpoint", endpoint);
	if (str_eq(e->def->as, "lambda")) {
		permit(w, e, "sns.amazonaws.com", topic);
		return;
	}
	struct node *allow = statement(
		w, e->to, LIST_STATEMENTS, sid(w, "AllowTopic", e->from->spec->id), send, endpoint);
	to_service(w, allow, "sns.amazonaws.com", "ArnEquals", "aws:SourceArn", topic);
	allow_key(w, e->to, "sns.amazonaws.com", "AllowTopicsTo");
}

static void edge_source(struct wiring *w, const struct wire_edge *e)
{
	static const char *const queue[] = {
		"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", NULL};
	static const char *const stream[] = {"dynamodb:DescribeStream", "dynamodb:GetRecords",
		"dynamodb:GetShardIterator", "dynamodb:ListStreams", NULL};
	static const char *const decrypt[] = {"kms:Decrypt", NULL};
	const bool is_queue = str_eq(e->def->as, "sqs");
	node_map_set(w->arena, e->from->view, "is_event_source", node_new_bool(w->arena, true));
	struct node *arn = provide_any(w, e, e->from, "stream_arn", "arn");
	struct node *s = wire_list_add(w, e->to, LIST_EVENT_SOURCES);
	wire_set(w, s, "name", pair_name(w, e->to, e->from));
	wire_set(w, s, "kind", e->def->as);
	node_map_set(w->arena, s, "arn", arn);
	statement(w, e->to, LIST_GRANTS, sid(w, "Read", e->from->spec->id),
		is_queue ? queue : stream, arn);
	if (e->from->key)
		statement(w, e->to, LIST_GRANTS, sid(w, "DecryptOf", e->from->spec->id), decrypt,
			node_get(e->from->view, "kms_key_arn"));
}

static void edge_notify(struct wiring *w, const struct wire_edge *e)
{
	static const char *const send[] = {"sqs:SendMessage", NULL};
	static const char *const publish[] = {"sns:Publish", NULL};
	struct node *bucket = provide(w, e, e->from, "arn", true);
	struct node *arn = provide_any(w, e, e->to, "function_arn", "arn");
	struct node *s = wire_list_add(w, e->from, LIST_NOTIFICATIONS);
	wire_set(w, s, "name", pair_name(w, e->from, e->to));
	wire_set(w, s, "kind", e->def->as);
	node_map_set(w->arena, s, "arn", arn);
	if (str_eq(e->def->as, "function")) {
		permit(w, e, "s3.amazonaws.com", bucket);
		node_map_set(w->arena, s, "depends_on",
			node_new_ref(w->arena, "aws_lambda_permission.%s",
				pair_name(w, e->to, e->from)));
		return;
	}
	node_map_set(w->arena, s, "depends_on", provide(w, e, e->to, "policy", true));
	struct node *allow =
		statement(w, e->to, LIST_STATEMENTS, sid(w, "AllowBucket", e->from->spec->id),
			str_eq(e->def->as, "queue") ? send : publish, arn);
	to_service(w, allow, "s3.amazonaws.com", "ArnEquals", "aws:SourceArn", bucket);
	allow_key(w, e->to, "s3.amazonaws.com", "AllowBucketsTo");
}

static void apply_edge(struct wiring *w, const struct wire_edge *e)
{
	static void (*const meanings[])(struct wiring *, const struct wire_edge *) = {
		[EDGE_ATTACH] = edge_attach,
		[EDGE_VOLUME] = edge_volume,
		[EDGE_TARGET] = edge_target,
		[EDGE_CONNECT] = edge_connect,
		[EDGE_NAT] = edge_nat,
		[EDGE_ORIGIN] = edge_origin,
		[EDGE_ALIAS] = edge_alias,
		[EDGE_KEY] = edge_key,
		[EDGE_SUBSCRIBE] = edge_subscribe,
		[EDGE_SOURCE] = edge_source,
		[EDGE_NOTIFY] = edge_notify,
	};
	meanings[e->def->meaning](w, e);
}

/* --- all edges ------------------------------------------------------------------------------ */

static const struct type_edge *find_meaning(
	const struct wire_node *from, const struct wire_node *to)
{
	for (size_t i = 0; i < from->type->edge_count; i++)
		for (size_t k = 0; from->type->edges[i].to[k]; k++)
			if (str_eq(from->type->edges[i].to[k], to->type->name))
				return &from->type->edges[i];
	return NULL;
}

/* Names the pairs that have a meaning: first those of the source, else those that reach it. */
static void no_meaning(struct wiring *w, const struct canvas_edge *spec,
	const struct wire_node *from, const struct wire_node *to)
{
	struct diag *d = diag_error(w->diags, "edge-meaning", spec->source.pos,
		"an edge from %s '%s' to %s '%s' has no meaning", from->type->name, from->spec->id,
		to->type->name, to->spec->id);
	if (find_meaning(to, from)) {
		diag_hint(w->diags, d, "the other way round it has one: %s -> %s", to->type->name,
			from->type->name);
		return;
	}
	AUTO_STR pairs = STR_INIT;
	for (size_t i = 0; i < from->type->edge_count; i++)
		for (size_t k = 0; from->type->edges[i].to[k]; k++)
			str_addf(&pairs, "%s%s", pairs.len ? ", " : "", from->type->edges[i].to[k]);
	for (size_t i = 0; i < w->types->count; i++) {
		const struct render_type *t =
			types_find(w->types, w->types->items[i].name, w->diags);
		for (size_t k = 0; !from->type->edge_count && t && k < t->edge_count; k++)
			for (size_t m = 0; t->edges[k].to[m]; m++)
				if (str_eq(t->edges[k].to[m], to->type->name))
					str_addf(&pairs, "%s%s", pairs.len ? ", " : "", t->name);
	}
	if (from->type->edge_count)
		diag_hint(w->diags, d, "%s -> %s", from->type->name, pairs.data);
	else if (pairs.len)
		diag_hint(w->diags, d, "no edge starts at %s; to %s: %s", from->type->name,
			to->type->name, pairs.data);
	else
		diag_hint(w->diags, d, "no edge starts at %s or ends at %s", from->type->name,
			to->type->name);
}

static int by_ends(const void *a, const void *b)
{
	const struct wire_edge *x = a, *y = b;
	int order = strcmp(x->from->spec->id, y->from->spec->id);
	return order ? order : strcmp(x->to->spec->id, y->to->spec->id);
}

/* Keys first: other meanings ask whether there is one. */
static int by_pass(const struct wire_edge *e)
{
	return e->def->meaning == EDGE_KEY ? 0 : 1;
}

static struct node *peer_view(
	struct wiring *w, const struct wire_edge *e, const struct wire_node *n)
{
	struct node *v = node_new_map_of(w->arena, 5);
	wire_add(w, v, "meaning", edge_meaning_name(e->def->meaning));
	wire_add(w, v, "as", e->def->as);
	wire_add(w, v, "id", n->spec->id);
	wire_add(w, v, "type", n->type->name);
	node_map_add(w->arena, v, "config", n->config);
	return v;
}

static void collect_edges(struct wiring *w)
{
	const struct canvas *c = w->input->canvas;
	w->edges = arena_array(w->arena, c->edge_count + 1, sizeof(*w->edges));
	for (size_t i = 0; i < c->edge_count; i++) {
		const struct canvas_edge *spec = &c->edges[i];
		struct wire_edge e = {.spec = spec};
		e.from = spec->source.text ? strmap_get(&w->by_id, spec->source.text) : NULL;
		e.to = spec->target.text ? strmap_get(&w->by_id, spec->target.text) : NULL;
		/* Ends that are not there, or of no known type, are reported elsewhere. */
		if (!e.from || !e.to)
			continue;
		e.def = find_meaning(e.from, e.to);
		if (!e.def)
			no_meaning(w, spec, e.from, e.to);
		else
			w->edges[w->edge_count++] = e;
	}
	qsort(w->edges, w->edge_count, sizeof(*w->edges), by_ends);
}

/* A second edge between the same nodes says nothing new. */
static void drop_repeated(struct wiring *w)
{
	size_t kept = 0;
	for (size_t i = 0; i < w->edge_count; i++) {
		struct wire_edge *e = &w->edges[i];
		if (kept > 0 && w->edges[kept - 1].from == e->from &&
			w->edges[kept - 1].to == e->to) {
			diag_warning(w->diags, "edge-repeated", e->spec->source.pos,
				"'%s' and '%s' are connected twice", e->from->spec->id,
				e->to->spec->id);
			continue;
		}
		w->edges[kept++] = *e;
	}
	w->edge_count = kept;
}

void wire_edges(struct wiring *w)
{
	collect_edges(w);
	drop_repeated(w);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < w->edge_count; i++) {
			const struct wire_edge *e = &w->edges[i];
			if (by_pass(e) != pass)
				continue;
			node_seq_add(w->arena, e->from->edges_out, peer_view(w, e, e->to));
			node_seq_add(w->arena, e->to->edges_in, peer_view(w, e, e->from));
			apply_edge(w, e);
		}
	/* A load balancer has a target group before it has targets. */
	for (size_t i = 0; i < w->node_count; i++) {
		struct wire_node *n = &w->nodes[i];
		if (!node_get(n->self, "aws_lb_target_group") ||
			n->lists[LIST_TARGET_GROUPS]->seq.count > 0)
			continue;
		int64_t port = config_int(n, "targetPort");
		add_target_group(w, n, "instance", port > 0 ? port : config_int(n, "port"));
	}
}

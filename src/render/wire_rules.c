/*
 * Rules of the security group that every node with an interface has of its own: out by the route
 * that its subnet has, in and out along the edges.
 */
#include "render/wire.h"

#include <string.h>

void wire_rule_add(struct wiring *w, struct wire_node *n, const struct wire_rule *rule)
{
	struct node *v = wire_list_add(w, n, LIST_RULES);
	struct arena *a = w->arena;
	wire_add(w, v, "name", arena_concat(a, n->name, "__", rule->suffix, NULL));
	wire_add(w, v, "direction", rule->direction);
	wire_add(w, v, "kind", rule->kind);
	node_map_add(a, v, "source", rule->source);
	wire_add(w, v, "protocol", rule->protocol);
	node_map_add(a, v, "from", rule->from < 0 ? w->none : node_new_int(a, rule->from));
	node_map_add(a, v, "to", rule->to < 0 ? w->none : node_new_int(a, rule->to));
	wire_add(w, v, "description", rule->description);
	node_map_add(a, v, "open", rule->open ? node_new_bool(a, true) : w->no);
}

/* What `auto` means where the node stands. */
static const char *resolve_egress(const struct wiring *w, const struct wire_node *n)
{
	const char *wanted = node_text(node_get(n->config, "egress"));
	if (!n->interface || !wanted)
		return "none";
	if (!str_eq(wanted, "auto"))
		return wanted;
	const bool way_out = n->in_public ? w->net.has_igw : w->net.has_nat;
	return way_out ? "internet" : "vpc";
}

void wire_egress(struct wiring *w, struct wire_node *n)
{
	n->egress = resolve_egress(w, n);
	wire_set(w, n->view, "egress", n->egress);
	struct wire_rule rule = {.direction = "egress", .kind = "cidr", .from = -1, .to = -1};
	if (str_eq(n->egress, "internet")) {
		rule.source = wire_text(w, "0.0.0.0/0");
		rule.protocol = "-1";
		rule.suffix = "internet";
		rule.description = "to the internet";
		rule.open = true;
		wire_rule_add(w, n, &rule);
	} else if (str_eq(n->egress, "vpc")) {
		rule.source = w->net.cidr;
		rule.protocol = "-1";
		rule.suffix = "vpc";
		rule.description = "to the network";
		wire_rule_add(w, n, &rule);
		const struct node *lists = node_get(w->net.view, "prefix_lists");
		SEQ_FOREACH (lists, i, list) {
			rule = (struct wire_rule){"egress", "prefix_list", list, "tcp", 443, 443,
				arena_concat(w->arena, "endpoint_", wire_number(w, i), NULL),
				"to a gateway endpoint", false};
			wire_rule_add(w, n, &rule);
		}
	}
}

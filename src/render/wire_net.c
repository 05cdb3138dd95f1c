/*
 * Second pass: the network that the canvas stands in, and where in it each node stands.
 *
 * Four ways: a VPC of its own, cut into index-stable subnets; an existing VPC by ids; the network
 * of another canvas by its recorded outputs; none.
 */
#include "render/wire.h"

#include "render/ipv4.h"

#include <string.h>

static struct node *seq_of(struct wiring *w, const struct spec_texts *texts)
{
	struct node *seq = node_new_seq(w->arena);
	for (size_t i = 0; i < texts->count; i++)
		node_seq_add(w->arena, seq, wire_text(w, texts->items[i].text));
	return seq;
}

static void cut_subnets(struct wiring *w)
{
	const struct canvas *c = w->input->canvas;
	const char *text = c->network.cidr ? c->network.cidr : "10.0.0.0/16";
	struct ipv4_block vpc;
	if (!ipv4_parse(text, &vpc)) {
		struct diag *d = diag_error(
			w->diags, "network-cidr", c->network.pos, "'%s' is no IPv4 block", text);
		diag_hint(w->diags, d, "write it as 10.0.0.0/16");
		return;
	}
	if (vpc.prefix < 16 || vpc.prefix > 24) {
		diag_error(w->diags, "network-cidr", c->network.pos,
			"'%s' cannot be cut into subnets: the prefix must be from /16 to /24",
			text);
		return;
	}
	if (ipv4_has_host_bits(&vpc)) {
		char base[IPV4_TEXT];
		vpc.base &= 0xffffffffU << (32 - vpc.prefix);
		struct diag *d = diag_error(w->diags, "network-cidr", c->network.pos,
			"'%s' has bits set beyond its prefix", text);
		diag_hint(w->diags, d, "the block is %s", ipv4_format(&vpc, base));
		return;
	}
	for (size_t i = 0; i < w->net.zones; i++) {
		char buf[IPV4_TEXT];
		struct ipv4_block subnet = ipv4_subnet(&vpc, true, i);
		w->net.public_cidrs[i] = arena_strdup(w->arena, ipv4_format(&subnet, buf));
		subnet = ipv4_subnet(&vpc, false, i);
		w->net.private_cidrs[i] = arena_strdup(w->arena, ipv4_format(&subnet, buf));
	}
}

static void new_network(struct wiring *w)
{
	struct wire_net *net = &w->net;
	const struct canvas *c = w->input->canvas;
	net->zones = c->network.zones.count
			     ? c->network.zones.count
			     : (size_t)(c->network.zone_count > 0 ? c->network.zone_count : 2);
	if (net->zones > WIRE_MAX_ZONES) {
		diag_error(w->diags, "network-zones", c->network.pos,
			"at most %d availability zones, not %zu", WIRE_MAX_ZONES, net->zones);
		net->zones = WIRE_MAX_ZONES;
	}
	net->has_igw = true;
	cut_subnets(w);
	net->vpc_id = node_ref_of(w->arena, "aws_vpc.main.id");
	net->cidr = wire_text(w, c->network.cidr ? c->network.cidr : "10.0.0.0/16");
	if (c->network.zones.count)
		net->azs = seq_of(w, &c->network.zones);
	for (size_t i = 0; i < net->zones; i++) {
		if (!c->network.zones.count)
			node_seq_add(w->arena, net->azs,
				wire_ref(w, "data.aws_availability_zones.available.names[",
					wire_number(w, i), "]"));
		node_seq_add(w->arena, net->public_subnets,
			wire_ref(w, "aws_subnet.public_", wire_number(w, i), ".id"));
		node_seq_add(w->arena, net->private_subnets,
			wire_ref(w, "aws_subnet.private_", wire_number(w, i), ".id"));
	}
}

static void existing_network(struct wiring *w)
{
	struct wire_net *net = &w->net;
	const struct canvas *c = w->input->canvas;
	net->vpc_id = wire_text(w, c->network.vpc_id.text);
	net->cidr = node_new_ref(w->arena, "data.aws_vpc.main.cidr_block");
	net->public_subnets = seq_of(w, &c->network.public_subnets);
	net->private_subnets = seq_of(w, &c->network.private_subnets);
	const size_t publics = c->network.public_subnets.count;
	const size_t privates = c->network.private_subnets.count;
	net->zones = privates ? privates : publics;
	net->has_igw = publics > 0;
	for (size_t i = 0; i < net->zones; i++)
		node_seq_add(w->arena, net->azs,
			node_new_ref(w->arena, "data.aws_subnet.%s_%zu.availability_zone",
				privates ? "private" : "public", i));
}

static struct node *recorded(struct wiring *w, const char *key, bool list)
{
	const struct canvas *c = w->input->canvas;
	bool sensitive = false;
	const struct node *value = w->input->output ? w->input->output(w->input->output_data,
							      c->network.from.text, key, &sensitive)
						    : NULL;
	if (value && (value->type == NODE_SEQ) == list)
		return (struct node *)value;
	w->missing = arena_grow(
		w->arena, w->missing, w->missing_count, &w->missing_cap, sizeof(*w->missing));
	w->missing[w->missing_count++] =
		(struct render_missing){c->network.from.text, key, c->network.from.pos};
	if (!list)
		return node_new_ref(w->arena, "known_after_apply");
	struct node *seq = node_new_seq(w->arena);
	for (int i = 0; i < 2; i++)
		node_seq_add(w->arena, seq, node_new_ref(w->arena, "known_after_apply"));
	return seq;
}

static void other_network(struct wiring *w)
{
	struct wire_net *net = &w->net;
	net->vpc_id = recorded(w, "vpc.id", false);
	net->cidr = recorded(w, "vpc.cidr", false);
	net->azs = recorded(w, "vpc.azs", true);
	net->public_subnets = recorded(w, "vpc.public_subnets", true);
	net->private_subnets = recorded(w, "vpc.private_subnets", true);
	net->zones = net->private_subnets->seq.count;
	net->has_igw = net->public_subnets->seq.count > 0;
}

/* Who needs the network, and whether it gets a NAT gateway. */
static void collect_needs(struct wiring *w)
{
	const struct canvas *c = w->input->canvas;
	for (size_t i = 0; i < w->node_count; i++) {
		const struct wire_node *n = &w->nodes[i];
		w->net.used |= n->need == NEED_NETWORK;
		w->net.zone_used |= n->need == NEED_ZONE;
		if (n->need == NEED_NETWORK && c->network.mode == NETWORK_NONE) {
			struct diag *d = diag_error(w->diags, "network-none", n->spec->pos,
				"%s '%s' needs a network, and the canvas has 'network: none'",
				n->type->name, n->spec->id);
			diag_hint(w->diags, d, "remove 'network: none' or the node");
		}
	}
}

/* A type whose own resource is a NAT gateway: there is one way to the internet per canvas. */
static bool is_nat(const struct wire_node *n)
{
	return node_get(n->self, "aws_nat_gateway") != NULL;
}

static void add_routes(struct wiring *w, struct wire_node *n, size_t gateways)
{
	for (size_t i = 0; i < w->net.zones; i++) {
		struct node *route = wire_list_add(w, n, LIST_ROUTES);
		wire_set(w, route, "name", arena_printf(w->arena, "%s__private_%zu", n->name, i));
		node_map_set(w->arena, route, "route_table_id",
			node_new_ref(w->arena, "aws_route_table.private_%zu.id", i));
		node_map_set(w->arena, route, "gateway_id",
			node_new_ref(w->arena, "aws_nat_gateway.%s.id",
				i == 0 || gateways == 1
					? n->name
					: arena_printf(w->arena, "%s__%zu", n->name, i + 1)));
	}
}

static void wire_nat(struct wiring *w)
{
	const struct wire_node *first = NULL;
	for (size_t i = 0; i < w->node_count; i++) {
		struct wire_node *n = &w->nodes[i];
		if (!is_nat(n))
			continue;
		if (first) {
			struct diag *d = diag_error(w->diags, "network-nat", n->spec->pos,
				"a canvas has one NAT gateway; '%s' is the second", n->spec->id);
			diag_related(w->diags, d, first->spec->pos, "the first one");
			continue;
		}
		first = n;
		if (w->net.mode != NETWORK_NEW) {
			diag_error(w->diags, "network-nat", n->spec->pos,
				"'%s' needs a network made by this canvas: the route tables of "
				"another one are not its own",
				n->spec->id);
			continue;
		}
		const struct node *per_az = node_get(n->config, "perAz");
		const size_t gateways = per_az && node_truthy(per_az) ? w->net.zones : 1;
		for (size_t k = 0; k < gateways; k++) {
			struct node *g = wire_list_add(w, n, LIST_GATEWAYS);
			const char *name =
				k == 0 ? n->name
				       : arena_printf(w->arena, "%s__%zu", n->name, k + 1);
			wire_set(w, g, "name", name);
			node_map_set(w->arena, g, "allocation_id",
				node_new_ref(w->arena, "aws_eip.%s.id", name));
			node_map_set(w->arena, g, "index", node_new_int(w->arena, (int64_t)k));
			node_map_set(w->arena, g, "subnet_id", w->net.public_subnets->seq.items[k]);
		}
		add_routes(w, n, gateways);
		w->net.has_nat = true;
	}
}

static void make_net_view(struct wiring *w)
{
	static const char *const modes[] = {"new", "existing", "from", "none"};
	struct wire_net *net = &w->net;
	struct arena *a = w->arena;
	enum { NET_KEYS = 13 };
	struct node *v = net->view = node_new_map_of(a, NET_KEYS);
	struct node *tables = node_new_seq(a), *lists = node_new_seq(a);
	wire_add(w, v, "mode", modes[net->mode]);
	node_map_add(a, v, "zones", node_new_int(a, (int64_t)net->zones));
	node_map_add(a, v, "vpc_id", net->vpc_id);
	node_map_add(a, v, "cidr", net->cidr);
	node_map_add(a, v, "azs", net->azs);
	node_map_add(a, v, "public_subnets", net->public_subnets);
	node_map_add(a, v, "private_subnets", net->private_subnets);
	node_map_add(a, v, "has_nat", node_new_bool(a, net->has_nat));
	node_map_add(a, v, "has_igw", node_new_bool(a, net->has_igw));
	node_map_add(a, v, "public_route_table",
		net->mode == NETWORK_NEW ? node_ref_of(a, "aws_route_table.public.id") : w->none);
	for (size_t i = 0; net->mode == NETWORK_NEW && i < net->zones; i++)
		node_seq_add(a, tables,
			wire_ref(w, "aws_route_table.private_", wire_number(w, i), ".id"));
	node_map_add(a, v, "private_route_tables", tables);
	if (net->has_nat) {
		node_seq_add(a, lists, node_new_ref(a, "aws_vpc_endpoint.s3.prefix_list_id"));
		node_seq_add(a, lists, node_new_ref(a, "aws_vpc_endpoint.dynamodb.prefix_list_id"));
	}
	node_map_add(a, v, "prefix_lists", lists);
}

void wire_network(struct wiring *w)
{
	struct wire_net *net = &w->net;
	net->mode = w->input->canvas->network.mode;
	net->vpc_id = net->cidr = w->none;
	net->azs = node_new_seq(w->arena);
	net->public_subnets = node_new_seq(w->arena);
	net->private_subnets = node_new_seq(w->arena);
	collect_needs(w);
	switch (net->mode) {
	case NETWORK_NEW:
		new_network(w);
		break;
	case NETWORK_EXISTING:
		existing_network(w);
		break;
	case NETWORK_FROM:
		other_network(w);
		break;
	case NETWORK_NONE:
		/* A zone by itself needs no network: the data source gives the names. */
		node_seq_add(w->arena, net->azs,
			node_new_ref(w->arena, "data.aws_availability_zones.available.names[0]"));
		break;
	}
	wire_nat(w);
	make_net_view(w);
	for (size_t i = 0; i < w->node_count; i++)
		node_map_set(w->arena, w->nodes[i].view, "net", net->view);
}

static struct node *instance_view(
	struct wiring *w, const struct wire_node *n, int64_t i, const struct node *subnets)
{
	enum { INSTANCE_KEYS = 6 };
	const char *number = wire_number(w, (size_t)i + 1);
	const char *name = i == 0 ? n->name : arena_concat(w->arena, n->name, "__", number, NULL);
	const size_t zone = subnets->seq.count ? (size_t)i % subnets->seq.count : 0;
	struct node *v = node_new_map_of(w->arena, INSTANCE_KEYS);
	wire_add(w, v, "name", name);
	node_map_add(w->arena, v, "index", node_new_int(w->arena, i));
	const char *slug = n->slug;
	if (i > 0)
		slug = wire_slug(w, arena_concat(w->arena, n->spec->id, "/", number, NULL),
			(size_t)n->type->name_limit);
	wire_add(w, v, "slug", slug);
	node_map_add(
		w->arena, v, "subnet_id", subnets->seq.count ? subnets->seq.items[zone] : w->none);
	node_map_add(w->arena, v, "az",
		zone < w->net.azs->seq.count ? w->net.azs->seq.items[zone] : w->none);
	for (size_t k = 0; k < n->type->resource_count; k++)
		if (n->type->resources[k].primary)
			node_map_add(w->arena, v, "primary",
				wire_ref(w, n->type->resources[k].name, ".", name));
	return v;
}

static void check_zones(struct wiring *w, const struct wire_node *n, const struct node *subnets)
{
	if (!n->interface || w->net.mode == NETWORK_NONE)
		return;
	const struct pos pos = n->spec->pos;
	const char *kind = n->in_public ? "public" : "private";
	if (subnets->seq.count == 0) {
		struct diag *d = diag_error(w->diags, "network-subnets", pos,
			"%s '%s' needs a %s subnet, and the network has none", n->type->name,
			n->spec->id, kind);
		diag_hint(w->diags, d, "add %sSubnetIds to 'network'", kind);
	} else if ((int64_t)subnets->seq.count < n->type->zones) {
		diag_error(w->diags, "network-zones", pos,
			"%s '%s' needs %s subnets in %lld availability zones, the network has %zu",
			n->type->name, n->spec->id, kind, (long long)n->type->zones,
			subnets->seq.count);
	}
}

void wire_placement(struct wiring *w, struct wire_node *n)
{
	const struct node *subnets = n->in_public ? w->net.public_subnets : w->net.private_subnets;
	n->instances = node_new_seq(w->arena);
	for (int64_t i = 0; i < n->instance_count; i++)
		node_seq_add(w->arena, n->instances, instance_view(w, n, i, subnets));
	node_map_set(w->arena, n->view, "instances", n->instances);
	if (n->need == NEED_ZONE && w->net.azs->seq.count)
		node_map_set(w->arena, n->view, "az", w->net.azs->seq.items[0]);
	node_map_set(w->arena, n->view, "subnet_ids",
		n->interface ? (struct node *)subnets : w->no_items);
	if (!n->interface)
		return;
	check_zones(w, n, subnets);
	const struct node *first = n->instances->seq.items[0];
	node_map_set(w->arena, n->view, "subnet_id", node_get(first, "subnet_id"));
	node_map_set(w->arena, n->view, "az", node_get(first, "az"));
	struct node *own = wire_ref(w, "aws_security_group.", n->name, ".id");
	node_map_set(w->arena, n->view, "security_group_id", own);
	node_seq_add(w->arena, n->lists[LIST_SECURITY_GROUP_IDS], own);
}

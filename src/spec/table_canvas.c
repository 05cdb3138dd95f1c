/* The fields of a Canvas, and the rules between them. */
#include "spec/decode.h"

#include "base/str.h"
#include "base/strmap.h"

#include <string.h>

#define AT(member)          offsetof(struct canvas, member)
#define NODE_AT(member)     offsetof(struct canvas_node, member)
#define EDGE_AT(member)     offsetof(struct canvas_edge, member)
#define APPROVAL_AT(member) offsetof(struct spec_approval, member)

/* What a canvas editor writes beside the meaning of a node or an edge. */
#define LAYOUT(name)                                                                               \
	{                                                                                          \
		.key = (name), .type = FIELD_LAYOUT, .doc = "Layout of a canvas editor."           \
	}

static const char *const engines[] = {"terraform", "cloudformation", NULL};
static const char *const deletions[] = {"destroy", "retain", NULL};
static const char *const drifts[] = {"report", "heal", "ignore", NULL};
static const char *const modes[] = {"auto", "manual", NULL};
static const char *const node_types[] = {"resource", NULL};

static const struct field approval_fields[] = {
	{.key = "mode",
		.type = FIELD_WORD,
		.offset = APPROVAL_AT(mode),
		.words = modes,
		.fallback = "auto",
		.doc = "Whether somebody has to approve each plan before it is applied.",
		.example = "manual"},
	{.key = "min",
		.type = FIELD_INT,
		.offset = APPROVAL_AT(min),
		.min = 1,
		.max = 20,
		.fallback = "1",
		.doc = "How many different people have to approve.",
		.example = "2"},
	{.key = "roles",
		.type = FIELD_TEXTS,
		.flags = FIELD_STRIP,
		.offset = APPROVAL_AT(roles),
		.grammar = &grammar_role,
		.default_doc = "anybody may",
		.doc = "Whose members may approve.",
		.example = "[platform]"},
	{.key = "notSelf",
		.type = FIELD_BOOL,
		.offset = APPROVAL_AT(not_self),
		.fallback = "true",
		.doc = "Nobody approves what they asked for themselves.",
		.example = "true"},
	{.key = "expires",
		.type = FIELD_DURATION,
		.offset = APPROVAL_AT(expires_ms),
		.fallback = "7d",
		.min = 60000,
		.doc = "How long an approval is good for.",
		.example = "7d"},
};
const struct field_table table_approval = {.name = "approval",
	.doc = "Whether somebody has to look before something is done.",
	.fields = approval_fields,
	.count = ARRAY_LEN(approval_fields)};

enum { GROUP_NEW = 1, GROUP_EXISTING, GROUP_FROM };

static const struct field network_fields[] = {
	{.key = "cidr",
		.type = FIELD_TEXT,
		.offset = AT(network.cidr),
		.grammar = &grammar_cidr,
		.fallback = "10.0.0.0/16",
		.group = GROUP_NEW,
		.doc = "Address block of a VPC of the canvas's own; /16 to /24.",
		.example = "10.0.0.0/16"},
	{.key = "availabilityZones",
		.type = FIELD_ZONES,
		.offset = AT(network.zone_count),
		.offset2 = AT(network.zones),
		.grammar = &grammar_zone,
		.min = 1,
		.max = 6,
		.fallback = "2",
		.group = GROUP_NEW,
		.doc = "How many availability zones to use, or their names.",
		.example = "2"},
	{.key = "vpcId",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.offset = AT(network.vpc_id),
		.grammar = &grammar_vpc,
		.group = GROUP_EXISTING,
		.doc = "An existing VPC.",
		.example = "vpc-0123456789abcdef0"},
	{.key = "publicSubnetIds",
		.type = FIELD_TEXTS,
		.offset = AT(network.public_subnets),
		.grammar = &grammar_subnet,
		.group = GROUP_EXISTING,
		.doc = "Existing subnets with a route to the internet.",
		.example = "[subnet-0123456789abcdef0]"},
	{.key = "privateSubnetIds",
		.type = FIELD_TEXTS,
		.offset = AT(network.private_subnets),
		.grammar = &grammar_subnet,
		.group = GROUP_EXISTING,
		.doc = "Existing subnets without one.",
		.example = "[subnet-0123456789abcdef1]"},
	{.key = "from",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED | FIELD_STRIP,
		.offset = AT(network.from),
		.grammar = &grammar_canvas,
		.group = GROUP_FROM,
		.doc = "The network of another canvas.",
		.example = "canvas/core"},
};

static void check_network(struct decoder *d, const struct node *map, void *obj)
{
	struct canvas *canvas = obj;
	canvas->network.pos = map->pos;
	if (map->type != NODE_MAP) {
		canvas->network.mode = NETWORK_NONE;
		return;
	}
	const struct node *cidr = node_get(map, "cidr");
	if (cidr)
		canvas->network.cidr_pos = cidr->pos;
	if (node_get(map, "from")) {
		canvas->network.mode = NETWORK_FROM;
		return;
	}
	/* Mixed with a VPC of its own: that is reported already. */
	if (cidr || node_get(map, "availabilityZones"))
		return;
	if (!node_get(map, "vpcId") && !node_get(map, "publicSubnetIds") &&
		!node_get(map, "privateSubnetIds"))
		return;
	canvas->network.mode = NETWORK_EXISTING;
	if (!node_get(map, "vpcId"))
		diag_error(d->diags, "spec-required", map->pos,
			"an existing network needs the field 'vpcId' beside its subnets");
	else if (!node_get(map, "publicSubnetIds") && !node_get(map, "privateSubnetIds"))
		diag_error(d->diags, "spec-required", map->pos,
			"an existing network needs 'publicSubnetIds' or 'privateSubnetIds'");
}

static const struct field_table table_network = {.name = "network",
	.doc = "A VPC of the canvas's own (`cidr`, `availabilityZones`), an existing one (`vpcId` "
	       "and "
	       "subnets), that of another canvas (`from`), or the word `none`.",
	.fields = network_fields,
	.count = ARRAY_LEN(network_fields),
	.word = "none",
	.check = check_network};

static const struct field data_fields[] = {
	{.key = "resourceType",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_PLACED,
		.offset = NODE_AT(type),
		.grammar = &grammar_service,
		.doc = "What the node is.",
		.example = "EC2"},
	{.key = "label",
		.type = FIELD_TEXT,
		.offset = NODE_AT(label),
		.default_doc = "the id",
		.doc = "A name for people. It goes into tags only: a new label replaces nothing.",
		.example = "Web server"},
	{.key = "config",
		.type = FIELD_FREE,
		.flags = FIELD_VALUES,
		.offset = NODE_AT(config),
		.doc = "Settings of the resource: `trueup explain TYPE` lists them. A value may "
		       "come "
		       "from elsewhere: `{from: canvas/NAME/NODE.OUTPUT}`, `{fromEnv: NAME}`, "
		       "`{fromFile: PATH}`, `{credential: NAME}`.",
		.example = "{instanceType: t3.small}"},
};
static const struct field_table table_data = {.name = "data",
	.doc = "What the node is.",
	.fields = data_fields,
	.count = ARRAY_LEN(data_fields)};

static const struct field node_fields[] = {
	{.key = "id",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		.offset = NODE_AT(id),
		.grammar = &grammar_node_id,
		.doc = "Address of the resource, unique in the canvas. Another id is another "
		       "resource.",
		.example = "web"},
	{.key = "type",
		.type = FIELD_CONST,
		.words = node_types,
		.fallback = "resource",
		.doc = "Always `resource`.",
		.example = "resource"},
	LAYOUT("position"),
	{.key = "data",
		.type = FIELD_TABLE,
		.flags = FIELD_REQUIRED,
		.table = &table_data,
		.doc = "What the node is.",
		.example = "{resourceType: EC2}"},
	LAYOUT("positionAbsolute"),
	LAYOUT("width"),
	LAYOUT("height"),
	LAYOUT("measured"),
	LAYOUT("selected"),
	LAYOUT("dragging"),
	LAYOUT("draggable"),
	LAYOUT("selectable"),
	LAYOUT("sourcePosition"),
	LAYOUT("targetPosition"),
	LAYOUT("zIndex"),
	LAYOUT("style"),
	LAYOUT("className"),
};

static void check_node(struct decoder *d, const struct node *map, void *obj)
{
	(void)d;
	struct canvas_node *node = obj;
	const struct node *id = node_get(map, "id");
	const struct node *config = node_get_key(node_get(map, "data"), "config");
	node->pos = id ? id->pos : map->pos;
	node->config_pos = config ? config->pos : node->type.pos;
	if (!node->label)
		node->label = node->id;
}

static const struct field_table table_node = {.name = "a node",
	.doc = "One resource.",
	.fields = node_fields,
	.count = ARRAY_LEN(node_fields),
	.item_size = sizeof(struct canvas_node),
	.check = check_node};

static const struct field edge_fields[] = {
	{.key = "id",
		.type = FIELD_TEXT,
		.offset = EDGE_AT(id),
		.grammar = &grammar_node_id,
		.doc = "A name for the edge.",
		.example = "web-db"},
	{.key = "source",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_PLACED,
		.offset = EDGE_AT(source),
		.grammar = &grammar_node_id,
		.doc = "The id of the node that the edge starts at.",
		.example = "web"},
	{.key = "target",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_PLACED,
		.offset = EDGE_AT(target),
		.grammar = &grammar_node_id,
		.doc = "The id of the node that the edge ends at.",
		.example = "db"},
	LAYOUT("sourceHandle"),
	LAYOUT("targetHandle"),
	LAYOUT("type"),
	LAYOUT("animated"),
	LAYOUT("label"),
	LAYOUT("style"),
	LAYOUT("markerEnd"),
	LAYOUT("markerStart"),
	LAYOUT("selected"),
	LAYOUT("zIndex"),
	LAYOUT("className"),
};
static const struct field_table table_edge = {.name = "an edge",
	.doc = "Wiring between two nodes; what it renders depends on their types.",
	.fields = edge_fields,
	.count = ARRAY_LEN(edge_fields),
	.item_size = sizeof(struct canvas_edge)};

static const struct field canvas_fields[] = {
	{.key = "role",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED | FIELD_STRIP,
		.offset = AT(role),
		.grammar = &grammar_role,
		.default_doc = "the only Role of the repository, if there is just one",
		.doc = "The Role that the canvas is built with.",
		.example = "web-team"},
	{.key = "engine",
		.type = FIELD_WORD,
		.flags = FIELD_AS_TEXT,
		.offset = AT(engine),
		.words = engines,
		.fallback = "terraform",
		.doc = "What builds the canvas. This version of trueup builds with terraform (or "
		       "tofu).",
		.example = "terraform"},
	{.key = "environment",
		.type = FIELD_TEXT,
		.offset = AT(environment),
		.grammar = &grammar_name,
		.fallback = "default",
		.doc = "Which environment this is, for tags and policy.",
		.example = "prod"},
	{.key = "region",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.offset = AT(region),
		.grammar = &grammar_region,
		.default_doc = "that of the role",
		.doc = "The AWS region of the canvas.",
		.example = "eu-west-1"},
	{.key = "network",
		.type = FIELD_TABLE,
		.table = &table_network,
		.default_doc = "a VPC 10.0.0.0/16 over 2 availability zones",
		.doc = "Where resources with an address live.",
		.example = "{cidr: 10.1.0.0/16, availabilityZones: 2}"},
	{.key = "dependsOn",
		.type = FIELD_TEXTS,
		.flags = FIELD_STRIP,
		.offset = AT(depends_on),
		.grammar = &grammar_canvas,
		.doc = "Canvases that are applied before this one. References to outputs of "
		       "another "
		       "canvas and a network from one count by themselves.",
		.example = "[canvas/core]"},
	{.key = "approval",
		.type = FIELD_TABLE,
		.table = &table_approval,
		.offset = AT(approval),
		.doc = "Whether somebody has to approve each plan.",
		.example = "{mode: manual, min: 1, roles: [platform]}"},
	{.key = "deletionPolicy",
		.type = FIELD_WORD,
		.offset = AT(deletion),
		.words = deletions,
		.fallback = "destroy",
		.doc = "What happens to the resources when the spec is removed.",
		.example = "retain"},
	{.key = "protect",
		.type = FIELD_BOOL,
		.offset = AT(protect),
		.fallback = "false",
		.doc = "Refuse to destroy the canvas or to replace a resource of it.",
		.example = "true"},
	{.key = "suspend",
		.type = FIELD_BOOL,
		.offset = AT(suspend),
		.fallback = "false",
		.doc = "Leave the canvas as it is until this is false again.",
		.example = "true"},
	{.key = "ttl",
		.type = FIELD_DURATION,
		.offset = AT(ttl_ms),
		.min = 60000,
		.doc = "How long after its first apply a server destroys the canvas, through the "
		       "same gates as any destroy; it is then suspended.",
		.example = "14d"},
	{.key = "drift",
		.type = FIELD_WORD,
		.offset = AT(drift),
		.words = drifts,
		.fallback = "report",
		.default_doc = "report, or heal where Config says so",
		.doc = "What to do when the resources differ from what was applied.",
		.example = "report"},
	{.key = "usage",
		.type = FIELD_FREE,
		.flags = FIELD_INERT,
		.offset = AT(usage),
		.doc = "Assumed usage, for cost estimates.",
		.example = "{lambda: {requestsPerMonth: 1000000}}"},
	{.key = "nodes",
		.type = FIELD_TABLES,
		.flags = FIELD_REQUIRED,
		.offset = AT(nodes),
		.offset2 = AT(node_count),
		.table = &table_node,
		.max = SPEC_MAX_NODES,
		.doc = "The resources.",
		.example = "[{id: web, data: {resourceType: EC2}}]"},
	{.key = "edges",
		.type = FIELD_TABLES,
		.offset = AT(edges),
		.offset2 = AT(edge_count),
		.table = &table_edge,
		.max = SPEC_MAX_EDGES,
		.doc = "The wiring between them.",
		.example = "[{source: web, target: db}]"},
	LAYOUT("viewport"),
};

static void duplicate_ids(struct decoder *d, const struct canvas *canvas)
{
	AUTO_STRMAP seen = {0};
	for (size_t i = 0; i < canvas->node_count; i++) {
		struct canvas_node *node = &canvas->nodes[i];
		if (!node->id)
			continue;
		const struct canvas_node *first = strmap_get(&seen, node->id);
		if (!first) {
			(void)strmap_put(&seen, node->id, node);
			continue;
		}
		struct diag *e = diag_error(d->diags, "canvas-duplicate-node", node->pos,
			"there are two nodes with the id '%.64s'", node->id);
		diag_related(d->diags, e, first->pos, "the first one is here");
	}
}

/* Looking for the nearest of 2,000 ids is for typing mistakes, not for 10,000 of them. */
enum { NEAREST_MAX = 20 };

struct node_ids {
	struct strmap map;
	const char **names;
	unsigned wrong;
};

static void check_end(
	struct decoder *d, struct node_ids *ids, const char *what, const struct spec_text *end)
{
	if (!end->text || strmap_has(&ids->map, end->text))
		return;
	struct diag *e = diag_error(d->diags, "canvas-edge", end->pos,
		"the %s of this edge, '%.64s', is no node of the canvas", what, end->text);
	const char *near = ids->wrong++ < NEAREST_MAX ? str_nearest(end->text, ids->names) : NULL;
	if (near)
		diag_hint(d->diags, e, "did you mean '%s'?", near);
	else
		diag_hint(d->diags, e, "add a node with this id or remove the edge");
}

static void node_ids_release(struct node_ids *ids)
{
	strmap_release(&ids->map);
}

static void dangling_edges(struct decoder *d, const struct canvas *canvas)
{
	CLEANUP(node_ids_release) struct node_ids ids = {0};
	size_t count = 0;
	ids.names = arena_array(d->arena, canvas->node_count + 1, sizeof ids.names[0]);
	for (size_t i = 0; i < canvas->node_count; i++) {
		if (!canvas->nodes[i].id)
			return; /* an id that could not be read is reported already */
		ids.names[count++] = canvas->nodes[i].id;
		(void)strmap_put(&ids.map, canvas->nodes[i].id, &canvas->nodes[i]);
	}
	for (size_t i = 0; i < canvas->edge_count; i++) {
		const struct canvas_edge *edge = &canvas->edges[i];
		check_end(d, &ids, "source", &edge->source);
		check_end(d, &ids, "target", &edge->target);
		if (edge->source.text && str_eq(edge->source.text, edge->target.text))
			diag_error(d->diags, "canvas-edge", edge->target.pos,
				"this edge leads from '%.64s' to itself", edge->source.text);
	}
}

static void check_canvas(struct decoder *d, const struct node *map, void *obj)
{
	struct canvas *canvas = obj;
	const struct node *engine = node_get(map, "engine");
	if (engine) {
		canvas->engine_pos = engine->pos;
		if (str_eq(canvas->engine, "cloudformation")) {
			struct diag *e = diag_error(d->diags, "spec-unsupported", engine->pos,
				"engine 'cloudformation' is not supported by this version of "
				"trueup");
			diag_hint(d->diags, e, "write `engine: terraform`");
		}
	}
	duplicate_ids(d, canvas);
	dangling_edges(d, canvas);
}

const struct field_table table_canvas = {.name = "Canvas",
	.doc = "What should exist: resources and the wiring between them, in one region of the "
	       "account "
	       "of a Role.",
	.fields = canvas_fields,
	.count = ARRAY_LEN(canvas_fields),
	.check = check_canvas};

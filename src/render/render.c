/*
 * A wired canvas to files: one a node, and network, providers, variables, outputs. Templates
 * print; layout is made afterwards by hcl_format(), which is also the proof that what was printed
 * is well-formed before any engine sees it.
 */
#include "render/render_internal.h"

#include "base/digest.h"
#include "base/err.h"
#include "spec/check.h"

#include <stdlib.h>
#include <string.h>

/* A file and what is in it: read from the same tokens that it is printed from. */
struct output_file {
	struct render_file file;
	struct hcl_blocks blocks;
};

struct output_files {
	struct wiring *w;
	struct rendering *ret;
	struct output_file *files;
	size_t file_count, file_cap, output_cap;
	struct str buffer, text;
	struct arena scratch; /* tokens of one file */
};

static int lay_out(struct output_files *o, struct output_file *f, struct err **err)
{
	struct hcl_tokens tokens;
	if (hcl_tokenise(o->buffer.data, o->buffer.len, &o->scratch, &tokens, err) < 0 ||
		hcl_parse_tokens(&tokens, o->w->arena, &f->blocks, err) < 0)
		return -1;
	str_clear(&o->text);
	hcl_format_tokens(&tokens, &o->scratch, &o->text);
	f->file.data = arena_memdup(o->w->arena, o->text.data, o->text.len);
	f->file.len = o->text.len;
	return 0;
}

static void add_file(struct output_files *o, const char *name, const char *what)
{
	AUTO_ERR err = NULL;
	struct output_file f = {.file = {.name = name}};
	const int result = lay_out(o, &f, &err);
	arena_release(&o->scratch);
	if (result < 0) {
		AUTO_STR reason = STR_INIT;
		err_format(err, &reason);
		diag_error(o->w->diags, "render-internal", o->w->input->pos,
			"what was rendered for %s is no valid HCL: %s", what, reason.data);
		return;
	}
	if (f.file.len == 0)
		return;
	o->files =
		arena_grow(o->w->arena, o->files, o->file_count, &o->file_cap, sizeof(*o->files));
	o->files[o->file_count++] = f;
}

static void render_shared(
	struct output_files *o, const char *file, const char *template, const struct node *context)
{
	const struct tmpl *t = types_shared_template(o->w->types, template, o->w->diags);
	str_clear(&o->buffer);
	if (t && tmpl_render(t, context, &o->buffer, o->w->diags) == 0)
		add_file(o, file, file);
}

static void render_nodes(struct output_files *o)
{
	struct wiring *w = o->w;
	for (size_t i = 0; i < w->node_count; i++) {
		struct wire_node *n = &w->nodes[i];
		const struct tmpl *t = types_template(w->types, n->type, w->diags);
		str_clear(&o->buffer);
		if (!t || tmpl_render(t, n->view, &o->buffer, w->diags) < 0)
			continue;
		add_file(o, arena_printf(w->arena, "node-%s.tf", n->name),
			arena_printf(w->arena, "%s '%s'", n->type->name, n->spec->id));
	}
}

static void add_output(struct output_files *o, struct node *list, const char *node,
	const char *key_node, const struct type_expr *e, struct node *value)
{
	struct wiring *w = o->w;
	struct rendering *r = o->ret;
	const char *name = arena_printf(w->arena, "%s__%s", node, e->name);
	struct node *out = node_new_map(w->arena);
	wire_set(w, out, "name", name);
	wire_set(w, out, "doc", e->doc);
	node_map_set(w->arena, out, "value", value);
	node_map_set(w->arena, out, "sensitive", node_new_bool(w->arena, e->sensitive));
	node_seq_add(w->arena, list, out);
	r->outputs = arena_grow(
		w->arena, r->outputs, r->output_count, &o->output_cap, sizeof(*r->outputs));
	r->outputs[r->output_count++] = (struct render_output){
		name, arena_printf(w->arena, "%s.%s", key_node, e->name), e->sensitive};
}

static void network_outputs(struct output_files *o, struct node *list)
{
	const struct wire_net *net = &o->w->net;
	const struct {
		struct type_expr e;
		struct node *value;
	} outputs[] = {
		{{"id", NULL, false, "The VPC."}, net->vpc_id},
		{{"cidr", NULL, false, "Its address block."}, net->cidr},
		{{"azs", NULL, false, "Its availability zones."}, net->azs},
		{{"public_subnets", NULL, false, "One a zone."}, net->public_subnets},
		{{"private_subnets", NULL, false, "One a zone."}, net->private_subnets},
	};
	for (size_t i = 0; i < ARRAY_LEN(outputs); i++)
		add_output(o, list, "vpc", "vpc", &outputs[i].e, outputs[i].value);
}

static void render_outputs(struct output_files *o)
{
	struct wiring *w = o->w;
	struct node *list = node_new_seq(w->arena), *context = node_new_map(w->arena);
	if (w->net.mode == NETWORK_NEW && w->net.used)
		network_outputs(o, list);
	for (size_t i = 0; i < w->node_count; i++) {
		const struct wire_node *n = &w->nodes[i];
		for (size_t k = 0; k < n->type->output_count; k++) {
			const struct type_expr *e = &n->type->outputs[k];
			struct node *value = wire_eval(w, n, e->expr);
			if (value && value->type != NODE_NULL)
				add_output(o, list, n->name, n->spec->id, e, value);
		}
	}
	node_map_set(w->arena, context, "outputs", list);
	render_shared(o, "outputs.tf", "shared/outputs.tf.j2", context);
}

static void render_variables(struct output_files *o)
{
	struct wiring *w = o->w;
	struct node *list = node_new_seq(w->arena), *context = node_new_map(w->arena);
	for (size_t i = 0; i < w->variable_count; i++) {
		struct node *v = node_new_map(w->arena);
		wire_set(w, v, "name", w->variables[i].name);
		node_seq_add(w->arena, list, v);
	}
	node_map_set(w->arena, context, "variables", list);
	if (w->variable_count)
		render_shared(o, "variables.tf", "shared/variables.tf.j2", context);
}

static struct node *subnet_view(struct wiring *w, size_t zone, bool is_public)
{
	const struct wire_net *net = &w->net;
	struct node *v = node_new_map(w->arena);
	const char *kind = is_public ? "public" : "private";
	wire_set(w, v, "name", arena_printf(w->arena, "%s_%zu", kind, zone));
	wire_set(w, v, "kind", kind);
	wire_set(w, v, "cidr", is_public ? net->public_cidrs[zone] : net->private_cidrs[zone]);
	wire_set(w, v, "tag", arena_printf(w->arena, "%s-%s-%zu", w->input->name, kind, zone));
	node_map_set(w->arena, v, "az", net->azs->seq.items[zone]);
	node_map_set(w->arena, v, "subnet_id",
		node_new_ref(w->arena, "aws_subnet.%s_%zu.id", kind, zone));
	node_map_set(w->arena, v, "route_table_id",
		is_public ? node_get(net->view, "public_route_table")
			  : node_get(net->view, "private_route_tables")->seq.items[zone]);
	node_map_set(w->arena, v, "is_public", node_new_bool(w->arena, is_public));
	return v;
}

static void render_network(struct output_files *o)
{
	struct wiring *w = o->w;
	const struct wire_net *net = &w->net;
	const struct canvas *c = w->input->canvas;
	if (!net->used && !net->zone_used)
		return;
	struct arena *a = w->arena;
	struct node *context = node_new_map(a), *subnets = node_new_seq(a);
	for (size_t i = 0; net->mode == NETWORK_NEW && i < net->zones; i++)
		node_seq_add(a, subnets, subnet_view(w, i, true));
	for (size_t i = 0; net->mode == NETWORK_NEW && i < net->zones; i++)
		node_seq_add(a, subnets, subnet_view(w, i, false));
	const bool by_name = net->mode == NETWORK_NEW && c->network.zones.count;
	node_map_set(a, context, "canvas", w->canvas);
	node_map_set(a, context, "net", net->view);
	node_map_set(a, context, "subnets", subnets);
	node_map_set(a, context, "whole", node_new_bool(a, net->used));
	node_map_set(a, context, "list_zones",
		node_new_bool(
			a, !by_name && (net->mode == NETWORK_NEW || net->mode == NETWORK_NONE)));
	node_map_set(a, context, "look_up_zones",
		node_new_bool(a, net->mode == NETWORK_EXISTING && net->zone_used));
	render_shared(o, "network.tf", "shared/network.tf.j2", context);
}

static int file_order(const void *a, const void *b)
{
	const struct output_file *x = a, *y = b;
	return strcmp(x->file.name, y->file.name);
}

static void digest_files(struct rendering *r)
{
	struct digest *d = digest_begin();
	for (size_t i = 0; i < r->file_count; i++) {
		digest_add_text(d, r->files[i].name);
		digest_add(d, r->files[i].data, r->files[i].len);
		digest_add_text(d, "");
	}
	digest_end(d, r->digest);
}

/* Where the node that a block was rendered for stands. */
static struct pos node_pos(const struct wiring *w, const char *file)
{
	for (size_t i = 0; i < w->node_count; i++) {
		const char *name = w->nodes[i].name;
		const size_t len = strlen(name);
		if (str_starts(file, "node-") && strncmp(file + 5, name, len) == 0 &&
			str_eq(file + 5 + len, ".tf"))
			return w->nodes[i].spec->pos;
	}
	return w->input->pos;
}

/* Two resources with one address: Terraform would say so later and less clearly. */
static void check_address(struct wiring *w, struct strmap *seen, const struct hcl_block *b,
	const struct render_file *file)
{
	const struct render_file *other = strmap_put(seen, b->address, (void *)file);
	if (!other)
		return;
	struct diag *d = diag_error(w->diags, "resource-address", node_pos(w, file->name),
		"two resources would have the address %s", b->address);
	diag_hint(w->diags, d, "rename one of the nodes");
	diag_related(w->diags, d, node_pos(w, other->name), "the other one");
}

/* Files in the order of their names, and all blocks in that order. */
static void collect_files(struct output_files *o)
{
	AUTO_STRMAP seen = {0};
	struct rendering *r = o->ret;
	struct arena *a = o->w->arena;
	size_t blocks = 0;
	if (o->file_count)
		qsort(o->files, o->file_count, sizeof(*o->files), file_order);
	for (size_t i = 0; i < o->file_count; i++)
		blocks += o->files[i].blocks.count;
	r->files = arena_array(a, o->file_count + 1, sizeof(*r->files));
	r->blocks.items = arena_array(a, blocks + 1, sizeof(*r->blocks.items));
	r->blocks.cap = blocks + 1;
	for (size_t i = 0; i < o->file_count; i++) {
		const struct output_file *f = &o->files[i];
		r->files[r->file_count++] = f->file;
		for (size_t k = 0; k < f->blocks.count; k++) {
			check_address(o->w, &seen, &f->blocks.items[k], &f->file);
			r->blocks.items[r->blocks.count++] = f->blocks.items[k];
		}
	}
	digest_files(r);
}

int render_canvas(struct render_types *types, const struct render_input *input, struct arena *arena,
	struct rendering *ret, struct diag_list *diags)
{
	const size_t errors = diags->errors;
	struct wiring w = {.arena = arena, .types = types, .input = input, .diags = diags};
	*ret = (struct rendering){0};
	wire_canvas(&w);
	if (diags->errors == errors) {
		struct output_files o = {.w = &w, .ret = ret, .buffer = STR_INIT, .text = STR_INIT};
		struct node *providers = render_provider_context(&w);
		if (providers)
			render_shared(&o, "providers.tf", "shared/providers.tf.j2", providers);
		render_network(&o);
		render_nodes(&o);
		render_variables(&o);
		render_outputs(&o);
		ret->variables = w.variables;
		ret->variable_count = w.variable_count;
		ret->missing = w.missing;
		ret->missing_count = w.missing_count;
		if (diags->errors == errors)
			collect_files(&o);
		str_release(&o.buffer);
		str_release(&o.text);
	}
	wiring_release(&w);
	return diags->errors == errors ? 0 : -1;
}

/*
 * Sizes that nobody wrote: the default of a type is as little allowed as the same text in a spec,
 * which the checks of spec/ look at.
 */
static void check_default_sizes(struct wiring *w, const struct wire_node *n)
{
	static const char *const keys[] = {"instanceType", "instanceClass", "nodeType"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *size = node_text(node_get(n->config, keys[i]));
		if (!size || node_get(n->spec->config, keys[i]) ||
			spec_role_allows_size(w->input->role, size))
			continue;
		struct diag *d = diag_error(w->diags, "role-size", n->spec->type.pos,
			"the role may not use the size %s, which is the default of %s", size,
			n->type->name);
		diag_hint(w->diags, d, "set %s to one that the role's allowedInstanceTypes allow",
			keys[i]);
	}
}

void render_check_canvas(
	struct render_types *types, const struct render_input *input, struct diag_list *diags)
{
	struct wiring w = {.arena = &types->scratch,
		.types = types,
		.input = input,
		.diags = diags,
		.check_only = true};
	wire_canvas(&w);
	if (input->config)
		render_provider_context(&w);
	for (size_t i = 0; input->role && i < w.node_count; i++)
		if (w.nodes[i].config && w.nodes[i].type)
			check_default_sizes(&w, &w.nodes[i]);
	wiring_release(&w);
	arena_reset(&types->scratch);
}

int rendering_from_files(const struct render_file *files, size_t count, struct arena *arena,
	struct rendering *ret, struct err **err)
{
	*ret = (struct rendering){.file_count = count};
	ret->files = arena_array(arena, count + 1, sizeof(*files));
	if (count)
		memcpy(ret->files, files, count * sizeof(*files));
	for (size_t i = 0; i < count; i++)
		if (hcl_parse_blocks(files[i].data, files[i].len, arena, &ret->blocks, err) < 0)
			return err_wrap(err, "%s", files[i].name);
	digest_files(ret);
	return 0;
}

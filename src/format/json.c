#include "format/yaml.h"

struct node *json_parse(struct arena *arena, const struct src *src, struct diag_list *diags)
{
	return yaml_parse(arena, src, diags);
}

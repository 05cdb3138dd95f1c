#include "report/json.h"

#include "format/emit.h"
#include "report/term.h"

struct node *report_document(struct arena *a, const char *command)
{
	struct node *map = node_new_map(a);
	node_map_set(a, map, "version", node_new_int(a, REPORT_JSON_VERSION));
	node_map_set(a, map, "command", node_new_string(a, command));
	return map;
}

void report_set_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	if (text)
		node_map_set(a, map, key, node_new_string(a, text));
}

void report_print_json(struct term *t, const struct node *document)
{
	AUTO_STR text = STR_INIT;
	emit_json(document, &text);
	if (!text.len || text.data[text.len - 1] != '\n')
		str_addc(&text, '\n');
	term_write(t, text.data, text.len);
}

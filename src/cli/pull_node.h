/* What the commands about pull requests share. */
#ifndef TRUEUP_CLI_PULL_NODE_H
#define TRUEUP_CLI_PULL_NODE_H

#include "cli/command.h"

struct arena;
struct node;
struct pull_row;

/* The operand NUMBER, with or without '#'. */
int pull_read_number(struct cli *cli, int64_t *ret, struct err **err);
/* What is known of a pull request, as fields of map. */
void pull_to_node(struct arena *a, struct node *map, const struct pull_row *row);

#endif

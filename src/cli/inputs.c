/* What most commands read. */
#include "cli/inputs.h"

#include <string.h>

static int read_options(struct cli *cli, const struct cli_inputs *inputs,
			struct ferrule_input_options *options)
{
	const char *input = inputs->input;

	*options = (struct ferrule_input_options){
	    .resolve = inputs->resolve,
	    .strict_compat = inputs->strict_compat,
	};
	if (inputs->v4 && inputs->v6)
		return cli_usage_error(cli, "-4 and -6 exclude each other");
	if (inputs->v4 || inputs->v6)
		options->family = inputs->v4 ? 4 : 6;
	if (!input)
		options->input = FERRULE_INPUT_AUTO;
	else if (!strcmp(input, "save"))
		options->input = FERRULE_INPUT_SAVE;
	else if (!strcmp(input, "script"))
		options->input = FERRULE_INPUT_COMMANDS;
	else
		return cli_usage_error(cli,
				       "--input is save or script, not '%s'",
				       input);
	return FERRULE_OK;
}

int cli_inputs_read(struct cli *cli, struct cli_inputs *inputs,
		    const struct cli_list *operands)
{
	struct ferrule_input_options options;
	int error = read_options(cli, inputs, &options);

	if (error)
		return error;
	if (!operands->n)
		return cli_usage_error(cli, "which RULES?");
	inputs->rules = ferrule_rules_new(cli->ferrule);
	for (size_t i = 0; i < operands->n; i++) {
		error = ferrule_rules_read(inputs->rules, operands->items[i],
					   &options);
		if (error)
			inputs->status = error;
	}
	if (ferrule_rules_has(inputs->rules, 4) ||
	    ferrule_rules_has(inputs->rules, 6))
		return FERRULE_OK;
	if (inputs->status)
		return inputs->status;
	ferrule_error(cli->ferrule, "the files hold no rules");
	return FERRULE_UNREADABLE;
}

void cli_inputs_free(struct cli_inputs *inputs)
{
	ferrule_rules_free(inputs->rules);
	inputs->rules = NULL;
}

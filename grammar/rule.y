/*
 * How the words of a rule group. A push parser: the driver asks
 * lang/classify.c what each word is, with the tables in scope, and pushes the
 * answer. Every item ends in a state with a default action, so what an item
 * brings into scope (-m tcp) is there before the next word is classified.
 */
%code requires {
#include "lang/line.h"
}
%code {
static void fe_rule_yyerror(struct fe_line *line, const char *message)
{
	fe_line_syntax_error(line, message);
}
}
%define api.pure full
%define api.push-pull push
%define api.prefix {fe_rule_yy}
%define api.token.prefix {FE_T_}
%define api.value.type {const struct fe_word *}
%parse-param {struct fe_line *line}
%expect 0

%token VERB  "command"
%token WORD  "word"
%token MATCH "-m NAME"
%token JUMP  "-j NAME"
%token NOT   "!"
%token OPT   "option with its arguments"
%token RAW   "word of an extension that is not understood"

%%

/*
 * Flat, so that a word costs few steps. How many words an option or a verb
 * takes is counted by the classifier: an argument may look like anything, so
 * it never gets here by itself (struct fe_line's args).
 */
line
	: %empty
	| line VERB		{ fe_line_verb(line); }
	| line WORD		{ fe_line_verb_word(line, $2); }
	| line MATCH		{ fe_line_match(line); }
	| line JUMP		{ fe_line_jump(line); }
	| line RAW		{ fe_line_raw(line, $2); }
	| line NOT RAW		{
			fe_line_raw(line, &line->not_word);
			fe_line_raw(line, $3); }
	| line OPT		{ fe_line_set(line, false); }
	| line NOT OPT		{ fe_line_set(line, true); }
	;
%%

/*
 * How the words of a .fer file group: lines, conditions behind `expect`,
 * blocks in braces. A push parser, driven by scenario/script.c; what words
 * mean is not known here, so that a new statement needs no new grammar.
 */
%code requires {
#include "scenario/script.h"
}
%code {
static void fe_script_yyerror(struct fe_script_reader *r, const char *message)
{
	fe_script_syntax_error(r, message);
}
}
%define api.pure full
%define api.push-pull push
%define api.prefix {fe_script_yy}
%define api.token.prefix {FE_ST_}
%define parse.error verbose
%parse-param {struct fe_script_reader *r}
%expect 0

%union {
	const struct fe_script_word *word;
	struct fe_script_line *line;
}

%token <word> WORD   "word"
%token EXPECT        "'expect'"
%token COMMA         "','"
%token OPEN          "'{'"
%token CLOSE         "'}'"
%token LINE_END      "end of line"
%token BAD           "unreadable character"
%type <line> items item head conditions

%%

file
	: items			{ fe_script_set_root(r, $1); }
	;
items
	: %empty		{ $$ = fe_script_new_line(r); }
	| items LINE_END	{ $$ = $1; }
	| items item		{ $$ = $1; fe_vec_push(&$$->body, $2); }
	| items error LINE_END	{ $$ = $1; yyerrok; }
	;
item
	: head LINE_END
	| conditions LINE_END
	| head OPEN items CLOSE	{
			$$ = $1;
			fe_script_take_body($$, $3); }
	;
head
	: WORD			{
			$$ = fe_script_new_line(r);
			fe_script_add_word(&$$->words, $1); }
	| head WORD		{ $$ = $1; fe_script_add_word(&$$->words, $2); }
	;
conditions
	: EXPECT		{
			$$ = fe_script_new_line(r);
			fe_script_add_condition($$); }
	| head EXPECT		{ $$ = $1; fe_script_add_condition($$); }
	| conditions COMMA	{ $$ = $1; fe_script_add_condition($$); }
	| conditions WORD	{
			$$ = $1;
			fe_script_add_word(fe_script_condition($$), $2); }
	;
%%

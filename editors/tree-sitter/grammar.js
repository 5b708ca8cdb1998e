// The agraph language for tree-sitter. Rules have the names and the order of grammar/agraph.lark.
//
// A line end is a token where a statement may end, and a blank everywhere else: the lexer only sees what can
// stand at a place. Strings and blocks of text are cut into their parts by src/scanner.c.

/// <reference types="tree-sitter-cli/dsl" />

const listed = (item) => optional(seq(item, repeat(seq(',', item)), optional(',')));
const listed1 = (item) => seq(item, repeat(seq(',', item)), optional(','));

module.exports = grammar({
  name: 'agraph',

  externals: ($) => [
    $._plain_start,
    $._plain_end,
    $._block_start,
    $._block_end,
    $._text,
    $.escape,
    $.interpolation,
    $._never,
  ],

  extras: ($) => [/[ \t\r\n\uFEFF]/, $.comment],

  word: ($) => $.name,

  supertypes: ($) => [$._item, $._statement, $._expression, $._type],

  rules: {
    file: ($) => seq(optional($._lines), optional(seq($._item, repeat(seq($._lines, $._item)), optional($._lines)))),

    _lines: (_) => repeat1('\n'),

    _item: ($) =>
      choice(
        $.header,
        $.import,
        $.type_declaration,
        $.model_declaration,
        $.tool_declaration,
        $.graph_declaration,
        $.test_declaration,
        $.optimize_declaration,
      ),

    header: ($) => seq('agraph', field('version', $.number)),
    import: ($) =>
      seq('import', field('path', choice($.path, alias($.plain_string, $.string))), optional(seq('as', field('alias', $.name)))),
    type_declaration: ($) =>
      seq('type', field('name', $.name), '{', optional($._lines), optional($._fields), '}'),
    model_declaration: ($) => seq('model', field('name', $.name), '=', field('value', $._expression)),
    tool_declaration: ($) =>
      seq('tool', field('name', $.name), $.inputs, optional($._returns), '=', field('value', $._expression)),
    graph_declaration: ($) =>
      seq('graph', field('name', $.name), optional($.parameters), $.inputs, optional($._returns), field('body', $.body)),
    test_declaration: ($) =>
      seq('test', field('graph', $.name), optional(field('title', $.string)), field('body', $.body)),
    optimize_declaration: ($) => seq('optimize', field('graph', $.name), field('body', $.body)),

    _returns: ($) => seq('->', field('type', $._type)),
    _fields: ($) =>
      seq($.typed_name, repeat(seq($._field_end, $.typed_name)), optional($._field_end)),
    _field_end: ($) => choice(seq(',', optional($._lines)), $._lines),
    inputs: ($) => seq('(', listed($.typed_name), ')'),
    typed_name: ($) => seq(field('name', $.name), ':', field('type', $._type)),
    parameters: ($) => seq('[', listed1($.parameter), ']'),
    parameter: ($) =>
      seq(field('name', $.name), optional(seq(':', field('kind', $.name))), optional(seq('=', field('default', $._expression)))),

    body: ($) =>
      seq('{', optional($._lines), optional(seq($._statement, repeat(seq($._lines, $._statement)), optional($._lines))), '}'),

    _statement: ($) => choice($.setting, $.node, $.edge, $.output, $.expect, $.block),

    setting: ($) => seq($.path, optional(field('option', $.path)), choice(seq('=', field('value', $._condition)), $.learnable)),
    learnable: ($) => seq('~', field('value', $._condition)),
    _learnable_expression: ($) => seq('~', field('value', $._expression)),
    node: ($) =>
      seq(
        'node',
        field('name', $.name),
        optional($.count),
        optional(field('description', $.string)),
        optional($._returns),
        optional($._valued),
        optional(field('body', $.body)),
      ),
    count: ($) => seq('[', $._expression, ']'),
    edge: ($) => seq('edge', $._end, repeat1(seq('->', $._end)), optional($._valued)),
    _valued: ($) => choice(seq('=', field('value', $._expression)), alias($._learnable_expression, $.learnable)),
    output: ($) => seq('output', field('value', $._expression)),
    expect: ($) => seq('expect', field('value', $._condition)),
    block: ($) => seq(field('name', $.name), field('body', $.body)),

    path: ($) => seq($.name, repeat(seq('.', $.name))),
    _end: ($) => choice($._postfix, $.list),

    _condition: ($) => choice($._expression, $.comparison),
    comparison: ($) => seq($._expression, choice('==', '!=', '<=', '>=', '<', '>'), $._expression),

    _expression: ($) =>
      choice($._postfix, $.string, $.number, $.true, $.false, $.null, $.list, $.record),
    _postfix: ($) => choice($.reference, $.field, $.brackets, $.call),
    reference: ($) => $.name,
    field: ($) => seq(field('of', $._postfix), '.', field('name', $.name)),
    brackets: ($) => seq(field('of', $._postfix), '[', listed1($._bracket_argument), ']'),
    call: ($) => seq(field('callee', $._postfix), '(', listed($._argument), ')'),
    _bracket_argument: ($) => choice($._argument, $.offset),
    _argument: ($) => choice($.named, $._expression),
    named: ($) => seq(field('name', $.name), '=', field('value', $._expression)),
    offset: ($) => seq($.name, choice('+', '-'), alias($.whole, $.number)),

    true: (_) => 'true',
    false: (_) => 'false',
    null: (_) => 'null',
    list: ($) => seq('[', listed($._expression), ']'),
    record: ($) => seq('{', listed($.entry), '}'),
    entry: ($) =>
      seq(field('key', choice($.name, alias($.plain_string, $.string))), ':', field('value', $._expression)),

    _type: ($) => choice($._single_type, $.type_union),
    type_union: ($) => prec.left(seq($._single_type, repeat1(seq('|', $._single_type)))),
    _single_type: ($) => choice($.type_optional, $.type_name, $.type_literal, $.type_application, $.type_group),
    type_optional: ($) => seq($._single_type, '?'),
    type_name: ($) => seq($.name, optional(seq('.', $.name))),
    type_literal: ($) => alias($.plain_string, $.string),
    type_application: ($) => seq($.name, '[', listed1($._type), ']'),
    type_group: ($) => seq('(', $._type, ')'),

    plain_string: ($) => seq($._plain_start, repeat(choice($._text, $.escape, $.interpolation)), $._plain_end),
    string: ($) =>
      choice(
        seq($._plain_start, repeat(choice($._text, $.escape, $.interpolation)), $._plain_end),
        seq($._block_start, repeat(choice($._text, $.interpolation)), $._block_end),
      ),

    name: (_) => /[A-Za-z_][A-Za-z0-9_]*/,
    number: (_) => /-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/,
    whole: (_) => /[0-9]+/,
    comment: (_) => /#[^\n]*/,
  },
});

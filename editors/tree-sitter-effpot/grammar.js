/**
 * The grammar of `.pot` files for editors. What is right is what `grammar/pot.pest` of the language
 * says; a test holds this one against every program of the library and of the examples.
 *
 * A newline counts where a definition or a line of a block may end: there the parser asks for it,
 * and `src/scanner.c` gives it. Everywhere else it is space.
 */

/// <reference types="tree-sitter-cli/dsl" />

const list = (rule) => seq(rule, repeat(seq(",", rule)));

// How tightly operators bind, as in the syntax tree of the language.
const BINDING = {
  or: 1,
  and: 2,
  not: 3,
  comparison: 4,
  sum: 5,
  product: 6,
  minus: 7,
  power: 8,
  index: 9,
};

module.exports = grammar({
  name: "effpot",

  word: ($) => $.identifier,
  extras: ($) => [/\s/, $.comment],
  externals: ($) => [$._newline],

  supertypes: ($) => [$._definition, $._expression],

  rules: {
    source_file: ($) =>
      seq(
        repeat($._newline),
        optional(
          seq(
            $._definition,
            repeat(seq(repeat1($._newline), $._definition)),
            repeat($._newline),
          ),
        ),
      ),

    _definition: ($) =>
      choice($.import, $.parameter, $.constant, $.function, $.run),

    import: ($) =>
      seq(
        "import",
        field("path", choice($.string, $.module)),
        "(",
        list($.imported),
        ")",
      ),
    module: ($) => seq($.identifier, repeat(seq(".", $.identifier))),
    imported: ($) =>
      seq(
        field("name", $.identifier),
        optional(seq("as", field("alias", $.identifier))),
      ),

    parameter: ($) =>
      seq("param", field("name", $.identifier), "=", field("value", $._expression)),
    constant: ($) =>
      seq(field("name", $.identifier), "=", field("value", $._expression)),
    function: ($) =>
      seq(
        field("name", $.identifier),
        field("arguments", $.arguments),
        "=",
        field("value", $._expression),
      ),
    arguments: ($) => seq("(", optional(list($.argument)), ")"),
    argument: ($) =>
      seq(
        field("name", $.identifier),
        optional(field("size", $.size)),
        optional(seq(":", field("domain", $.domain))),
      ),
    size: ($) => seq("[", list($._expression), "]"),
    domain: ($) =>
      seq(
        field("name", $.identifier),
        optional(seq("(", field("length", $._expression), ")")),
      ),

    run: ($) =>
      seq(
        field("name", $.identifier),
        "{",
        repeat($._newline),
        optional(
          seq(
            $.setting,
            repeat(seq(repeat1($._newline), $.setting)),
            repeat($._newline),
          ),
        ),
        "}",
      ),
    setting: ($) =>
      seq(field("key", $.identifier), "=", field("value", $._element)),
    _element: ($) => choice($._expression, $.interval),
    interval: ($) => seq($._expression, "..", $._expression),

    _expression: ($) =>
      choice(
        $.number,
        $.string,
        $.identifier,
        $.call,
        $.index,
        $.list,
        $.parentheses,
        $.unary,
        $.binary,
        $.conditional,
        $.block,
      ),

    parentheses: ($) => seq("(", $._expression, ")"),
    list: ($) => seq("[", optional(list($._element)), "]"),
    index: ($) =>
      prec.left(
        BINDING.index,
        seq(field("base", $._expression), "[", list($._expression), "]"),
      ),
    call: ($) =>
      seq(
        field("function", $.identifier),
        "(",
        optional(choice(list($._expression), seq($._expression, $.comprehension))),
        ")",
      ),
    comprehension: ($) => seq("for", list($.range)),
    range: ($) =>
      seq(
        field("name", $.identifier),
        "in",
        field("from", $._expression),
        "..",
        field("to", $._expression),
      ),

    unary: ($) =>
      choice(
        prec.right(BINDING.minus, seq(field("operator", "-"), $._expression)),
        prec.right(BINDING.not, seq(field("operator", "not"), $._expression)),
      ),
    binary: ($) => {
      const rows = [
        [prec.left, BINDING.or, "or"],
        [prec.left, BINDING.and, "and"],
        [prec.left, BINDING.comparison, choice("<", "<=", ">", ">=", "==", "!=")],
        [prec.left, BINDING.sum, choice("+", "-")],
        [prec.left, BINDING.product, choice("*", "/")],
        [prec.right, BINDING.power, "^"],
      ];
      return choice(
        ...rows.map(([side, binding, operator]) =>
          side(
            binding,
            seq(
              field("left", $._expression),
              field("operator", operator),
              field("right", $._expression),
            ),
          ),
        ),
      );
    },
    conditional: ($) =>
      prec.right(
        seq(
          "if",
          field("condition", $._expression),
          "then",
          field("consequence", $._expression),
          "else",
          field("alternative", $._expression),
        ),
      ),
    block: ($) =>
      seq(
        "{",
        repeat($._newline),
        repeat(seq($.binding, repeat1($._newline))),
        field("value", $._expression),
        repeat($._newline),
        "}",
      ),
    binding: ($) =>
      seq("let", field("name", $.identifier), "=", field("value", $._expression)),

    identifier: (_) => /[_\p{XID_Start}]\p{XID_Continue}*/,
    number: (_) => /\d+(\.\d+)?([eE][+-]?\d+)?/,
    string: (_) => /"[^"\n]*"/,
    comment: (_) => /#[^\n]*/,
  },
});

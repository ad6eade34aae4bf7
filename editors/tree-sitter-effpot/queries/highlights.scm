; The last pattern that fits counts: what a name is in general comes first.

(identifier) @variable

(comment) @comment
(number) @number
(string) @string

["if" "then" "else"] @keyword.conditional
["import" "as"] @keyword.import
["let" "param" "for" "in"] @keyword
["and" "or" "not"] @keyword.operator

["+" "-" "*" "/" "^" "<" "<=" ">" ">=" "==" "!=" "=" ".."] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":" "."] @punctuation.delimiter

(call function: (identifier) @function.call)
(function name: (identifier) @function)
(constant name: (identifier) @constant)
(parameter name: (identifier) @variable.member)
(argument name: (identifier) @variable.parameter)
(binding name: (identifier) @variable)
(range name: (identifier) @variable)

(module (identifier) @module)
(domain name: (identifier) @type)
(run name: (identifier) @type)
(imported (identifier) @function)
(setting key: (identifier) @property)

; Settings whose values are functions of the file.
(setting
  key: (identifier) @property
  value: [(identifier) @function (list (identifier) @function)]
  (#any-of? @property "compare" "terms"))

((identifier) @constant.builtin
  (#any-of? @constant.builtin "pi" "π" "tau" "true" "false"))

(call
  function: (identifier) @function.builtin
  (#any-of? @function.builtin
    "sin" "cos" "tan" "asin" "acos" "atan" "atan2" "sinh" "cosh" "tanh" "asinh" "acosh" "atanh"
    "exp" "expm1" "log" "log1p" "log10" "sqrt" "cbrt" "abs" "sign" "min" "max" "hypot" "erf"
    "floor" "mod" "sum" "prod" "diff" "spline" "periodic_spline" "dot" "norm" "dist" "len"
    "random" "csv"))

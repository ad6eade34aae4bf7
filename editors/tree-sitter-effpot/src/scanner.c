// The newline that ends a definition or a line of a block. The parser asks for it only where one
// may end, so that inside brackets and after operators a newline stays space.

#include "tree_sitter/parser.h"

enum TokenType { NEWLINE };

void *tree_sitter_effpot_external_scanner_create(void) { return NULL; }
void tree_sitter_effpot_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_effpot_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_effpot_external_scanner_deserialize(void *payload, const char *buffer,
                                                     unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

bool tree_sitter_effpot_external_scanner_scan(void *payload, TSLexer *lexer,
                                              const bool *valid_symbols) {
  (void)payload;
  if (!valid_symbols[NEWLINE]) {
    return false;
  }
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t' || lexer->lookahead == '\r') {
    lexer->advance(lexer, true);
  }
  if (lexer->lookahead != '\n') {
    return false;
  }
  lexer->advance(lexer, false);
  lexer->mark_end(lexer);
  lexer->result_symbol = NEWLINE;
  return true;
}

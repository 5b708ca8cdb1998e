// The parts of strings: `"plain"` ones, and blocks between two equal runs of three or more quotes.
//
// An interpolation is `{{ … }}` on one line; braces that nothing closes are text. Which strings are templates
// is a question of meaning, so queries decide what is coloured as one.

#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

enum Token { PLAIN_START, PLAIN_END, BLOCK_START, BLOCK_END, TEXT, ESCAPE, INTERPOLATION, NEVER };

typedef struct {
  // The quotes that opened the block; 0 in a plain string.
  uint16_t run;
  // Whether the closing run of the block stands next, with only blanks before it.
  bool closes;
} Scanner;

void *tree_sitter_agraph_external_scanner_create(void) { return ts_calloc(1, sizeof(Scanner)); }

void tree_sitter_agraph_external_scanner_destroy(void *payload) { ts_free(payload); }

unsigned tree_sitter_agraph_external_scanner_serialize(void *payload, char *buffer) {
  Scanner *scanner = payload;
  buffer[0] = (char)(scanner->run & 0xff);
  buffer[1] = (char)(scanner->run >> 8);
  buffer[2] = (char)scanner->closes;
  return 3;
}

void tree_sitter_agraph_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  Scanner *scanner = payload;
  scanner->run = length == 3 ? (uint16_t)((unsigned char)buffer[0] | (unsigned char)buffer[1] << 8) : 0;
  scanner->closes = length == 3 && buffer[2];
}

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static bool is_blank(int32_t character) { return character == ' ' || character == '\t'; }

static bool ends_line(TSLexer *lexer) {
  return lexer->lookahead == '\n' || lexer->lookahead == '\r' || lexer->eof(lexer);
}

static uint16_t quotes(TSLexer *lexer) {
  uint16_t count = 0;
  while (lexer->lookahead == '"' && count < UINT16_MAX) {
    advance(lexer);
    count++;
  }
  return count;
}

static bool found(TSLexer *lexer, enum Token token) {
  lexer->result_symbol = token;
  return true;
}

static void pass_blanks(TSLexer *lexer) {
  while (is_blank(lexer->lookahead)) advance(lexer);
}

static bool scan_start(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  // Where a string may begin no line end matters: none stands before the description of a node.
  while (is_blank(lexer->lookahead) || lexer->lookahead == '\r' || lexer->lookahead == '\n') {
    lexer->advance(lexer, true);
  }
  if (lexer->lookahead != '"') return false;
  advance(lexer);
  lexer->mark_end(lexer);
  uint16_t run = (uint16_t)(1 + quotes(lexer));
  scanner->closes = false;
  if (run < 3) {
    scanner->run = 0;
    return valid[PLAIN_START] && found(lexer, PLAIN_START);
  }
  if (!valid[BLOCK_START]) return false;
  lexer->mark_end(lexer);
  pass_blanks(lexer);
  if (!ends_line(lexer)) return false;
  scanner->run = run;
  return found(lexer, BLOCK_START);
}

// Passes over an escape or, in a block, a quote. True where it stands for a quote.
static bool pass_quote(bool plain, TSLexer *lexer) {
  if (lexer->lookahead != (plain ? '\\' : '"')) return false;
  advance(lexer);
  if (!plain) return true;
  if (ends_line(lexer)) return false;
  bool quote = lexer->lookahead == '"';
  advance(lexer);
  return quote;
}

static bool pass_braces(TSLexer *lexer) {
  if (lexer->lookahead != '}') return false;
  advance(lexer);
  if (lexer->lookahead != '}') return false;
  advance(lexer);
  return true;
}

// After `{{`: passes over the rest of an interpolation. False where nothing closes it in this string.
static bool rest_of_interpolation(bool plain, TSLexer *lexer) {
  pass_blanks(lexer);
  bool quoted = pass_quote(plain, lexer);
  bool at_once = true;
  while (!pass_braces(lexer)) {
    if (ends_line(lexer) || (plain && lexer->lookahead == '"')) return false;
    if (plain && lexer->lookahead == '\\') {
      pass_quote(plain, lexer);
    } else {
      advance(lexer);
    }
    at_once = false;
  }
  lexer->mark_end(lexer);
  // `{{ "}}" }}` stands for the braces themselves: the first braces in it do not close it.
  if (quoted && at_once && pass_quote(plain, lexer)) {
    pass_blanks(lexer);
    if (pass_braces(lexer)) lexer->mark_end(lexer);
  }
  return true;
}

// At the start of a line of a block: whether the closing run stands here. Passes over blanks and quotes.
static bool at_closing_run(Scanner *scanner, TSLexer *lexer) {
  pass_blanks(lexer);
  return quotes(lexer) == scanner->run;
}

static bool scan_text(Scanner *scanner, TSLexer *lexer) {
  bool plain = scanner->run == 0;
  bool any = false;
  while (!lexer->eof(lexer)) {
    int32_t character = lexer->lookahead;
    if (plain && (character == '"' || character == '\\' || character == '\n' || character == '\r')) break;
    advance(lexer);
    if (character == '{' && lexer->lookahead == '{') {
      // The text before the braces ends where it was marked; should nothing close them, they are text.
      if (any) return found(lexer, TEXT);
      advance(lexer);
      lexer->mark_end(lexer);
      return found(lexer, rest_of_interpolation(plain, lexer) ? INTERPOLATION : TEXT);
    }
    any = true;
    lexer->mark_end(lexer);
    if (!plain && character == '\n' && at_closing_run(scanner, lexer)) {
      scanner->closes = true;
      return found(lexer, TEXT);
    }
  }
  return any && found(lexer, TEXT);
}

bool tree_sitter_agraph_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  Scanner *scanner = payload;
  if (valid[NEVER]) return false;
  if (valid[BLOCK_END] && scanner->closes) {
    pass_blanks(lexer);
    if (quotes(lexer) != scanner->run) return false;
    lexer->mark_end(lexer);
    scanner->closes = false;
    return found(lexer, BLOCK_END);
  }
  if (valid[TEXT]) {
    if (valid[PLAIN_END] && lexer->lookahead == '"') {
      advance(lexer);
      lexer->mark_end(lexer);
      return found(lexer, PLAIN_END);
    }
    if (valid[ESCAPE] && lexer->lookahead == '\\') {
      advance(lexer);
      if (ends_line(lexer)) return false;
      advance(lexer);
      lexer->mark_end(lexer);
      return found(lexer, ESCAPE);
    }
    return scan_text(scanner, lexer);
  }
  if (valid[PLAIN_START] || valid[BLOCK_START]) return scan_start(scanner, lexer, valid);
  return false;
}

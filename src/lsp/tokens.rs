//! Semantic tokens: what the classes of tokens are to the protocol.

use super::document::Document;
use crate::symbols::{Class, Classified};
use lsp_types::{SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokensLegend};

/// The types of tokens, in the order of their numbers.
const TYPES: &[SemanticTokenType] = &[
    SemanticTokenType::KEYWORD,
    SemanticTokenType::FUNCTION,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::PARAMETER,
    SemanticTokenType::NAMESPACE,
    SemanticTokenType::TYPE,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::ENUM_MEMBER,
    SemanticTokenType::NUMBER,
    SemanticTokenType::STRING,
    SemanticTokenType::COMMENT,
    SemanticTokenType::OPERATOR,
];

/// The modifiers, in the order of their bits.
const MODIFIERS: &[SemanticTokenModifier] = &[
    SemanticTokenModifier::DEFINITION,
    SemanticTokenModifier::READONLY,
    SemanticTokenModifier::DEFAULT_LIBRARY,
];

/// What the numbers mean.
pub(super) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: TYPES.to_vec(),
        token_modifiers: MODIFIERS.to_vec(),
    }
}

fn kind(class: Class) -> Option<(SemanticTokenType, bool)> {
    Some(match class {
        Class::Keyword => (SemanticTokenType::KEYWORD, false),
        Class::Function => (SemanticTokenType::FUNCTION, false),
        Class::Constant => (SemanticTokenType::VARIABLE, true),
        Class::Parameter => (SemanticTokenType::VARIABLE, false),
        Class::Local => (SemanticTokenType::PARAMETER, false),
        Class::Module => (SemanticTokenType::NAMESPACE, false),
        Class::Domain => (SemanticTokenType::TYPE, false),
        Class::Setting => (SemanticTokenType::PROPERTY, false),
        Class::Name => (SemanticTokenType::ENUM_MEMBER, false),
        Class::Number => (SemanticTokenType::NUMBER, false),
        Class::Text => (SemanticTokenType::STRING, false),
        Class::Comment => (SemanticTokenType::COMMENT, false),
        Class::Operator => (SemanticTokenType::OPERATOR, false),
        Class::Bracket => return None,
    })
}

fn modifiers(token: &Classified, readonly: bool) -> u32 {
    u32::from(token.is_definition) | u32::from(readonly) << 1 | u32::from(token.is_builtin) << 2
}

/// All tokens of a document, each from where the one before begins.
pub(super) fn tokens(document: &Document) -> Vec<SemanticToken> {
    let text = &document.text;
    let (mut line, mut character) = (0, 0);
    let classified = document.outline.classified(text).into_iter();
    let tokens = classified.filter_map(|token| {
        let (kind, readonly) = kind(token.class)?;
        let number = TYPES.iter().position(|known| *known == kind)?;
        let place = document.lines.position(text, token.range.start);
        let delta_line = place.line - line;
        let delta_start = place.character - if delta_line == 0 { character } else { 0 };
        (line, character) = (place.line, place.character);
        let units = text[token.range.clone()].encode_utf16().count();
        Some(SemanticToken {
            delta_line,
            delta_start,
            length: units as u32,
            token_type: number as u32,
            token_modifiers_bitset: modifiers(&token, readonly),
        })
    });
    tokens.collect()
}

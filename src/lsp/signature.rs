//! The call around a place: how its function is called, and which argument is being written.

use super::document::Document;
use super::world::World;
use crate::check::describe;
use crate::symbols::Meaning;
use crate::syntax::TokenKind;
use lsp_types::{ParameterInformation, ParameterLabel, SignatureHelp, SignatureInformation};

/// The signature of the call around a byte.
pub(super) fn signature(
    document: &Document,
    world: &World<'_>,
    byte: usize,
) -> Option<SignatureHelp> {
    let (name, argument) = call(document, byte)?;
    let (label, about) = match document.outline.at(name)?.meaning {
        Meaning::Symbol(symbol) => {
            let files = |path: &str| world.outline(&document.uri, path);
            let word = document.outline.word(symbol, &document.text, &files);
            (word.signature, word.documentation)
        }
        Meaning::Builtin => {
            let range = document.outline.at(name)?.range.clone();
            let known = describe(&document.text[range])?;
            (known.signature, known.about.to_owned())
        }
        _ => return None,
    };
    let arguments = arguments(&label)?;
    let last = arguments.len().saturating_sub(1);
    let parameters = arguments.into_iter().map(|label| ParameterInformation {
        label: ParameterLabel::Simple(label),
        documentation: None,
    });
    let information = SignatureInformation {
        parameters: Some(parameters.collect()),
        documentation: (!about.is_empty()).then_some(lsp_types::Documentation::String(about)),
        label,
        active_parameter: None,
    };
    Some(SignatureHelp {
        signatures: vec![information],
        active_signature: Some(0),
        active_parameter: Some(argument.min(last) as u32),
    })
}

/// Where the name of the call around a byte is, and how many commas come before the byte.
fn call(document: &Document, byte: usize) -> Option<(usize, usize)> {
    let tokens = &document.outline.tokens;
    let before = tokens.partition_point(|token| (token.start as usize) < byte);
    let (mut depth, mut commas) = (0usize, 0);
    for at in (0..before).rev() {
        let token = tokens[at];
        let word = token.text(&document.text);
        match token.kind {
            TokenKind::Close => depth += 1,
            TokenKind::Open if depth > 0 => depth -= 1,
            TokenKind::Open if word == "(" => {
                let name = tokens.get(at.checked_sub(1)?)?;
                if name.kind == TokenKind::Name {
                    return Some((name.start as usize, commas));
                }
                commas = 0;
            }
            TokenKind::Open => commas = 0,
            TokenKind::Operator if depth == 0 && word == "," => commas += 1,
            // Outside all brackets there is no call.
            TokenKind::Newline if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The arguments of a signature such as `f(q[n], a: periodic(2*pi))`.
fn arguments(label: &str) -> Option<Vec<String>> {
    let inside = label.split_once('(')?.1.strip_suffix(')')?;
    let (mut depth, mut start, mut found) = (0usize, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(inside[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(inside[start..].trim().to_owned());
    Some(found)
}

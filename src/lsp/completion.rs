//! Completion in the terms of the protocol.

use super::document::Document;
use super::world::World;
use crate::symbols::{Where, Word, WordKind};
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat, Range,
    TextEdit,
};

/// What may stand at a byte of a document.
pub(super) fn completion(
    document: &Document,
    world: &World<'_>,
    byte: usize,
    snippets: bool,
) -> Vec<CompletionItem> {
    let files = |path: &str| world.outline(&document.uri, path);
    let text = &document.text;
    let found = document.outline.words(text, byte, &files);
    if found.place == Where::File {
        let range = document.lines.range(text, &found.replace);
        return files_below(document, world, &text[found.replace.clone()], range);
    }
    let heads = |word: &Word| {
        // In a file a formula does not begin a line.
        let block = word.kind == WordKind::Block;
        block || word.kind == WordKind::Keyword && matches!(&*word.name, "param" | "import")
    };
    let words = found.words.into_iter();
    let words = words.filter(|word| found.place != Where::Definition || heads(word));
    let called = text[byte..].trim_start_matches(' ').starts_with('(');
    let range = document.lines.range(text, &found.replace);
    let items = words.enumerate().map(|(at, word)| {
        let call = word.kind == WordKind::Function && found.place == Where::Formula && !called;
        let new_text = match word.kind {
            _ if !snippets => word.name.clone(),
            WordKind::Function if call => format!("{}($1)$0", word.name),
            WordKind::Key => format!("{} = $0", word.name),
            WordKind::Block => format!("{} {{\n  $0\n}}", word.name),
            _ => word.name.clone(),
        };
        CompletionItem {
            kind: Some(kind(word.kind)),
            detail: (!word.signature.is_empty()).then_some(word.signature),
            documentation: (!word.documentation.is_empty())
                .then_some(Documentation::String(word.documentation)),
            // What is near comes first.
            sort_text: Some(format!("{at:04}")),
            filter_text: Some(word.name.clone()),
            insert_text_format: snippets.then_some(InsertTextFormat::SNIPPET),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
            label: word.name,
            ..CompletionItem::default()
        }
    });
    items.collect()
}

/// The programs in the folder of a document and below it whose paths begin as what is typed.
fn files_below(
    document: &Document,
    world: &World<'_>,
    typed: &str,
    range: Range,
) -> Vec<CompletionItem> {
    let paths = world.below(&document.uri).into_iter();
    let paths = paths.filter(|path| path.starts_with(typed));
    paths
        .map(|path| CompletionItem {
            kind: Some(CompletionItemKind::FILE),
            filter_text: Some(path.clone()),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                range,
                new_text: path.clone(),
            })),
            label: path,
            ..CompletionItem::default()
        })
        .collect()
}

fn kind(kind: WordKind) -> CompletionItemKind {
    match kind {
        WordKind::Keyword => CompletionItemKind::KEYWORD,
        WordKind::Function => CompletionItemKind::FUNCTION,
        WordKind::Constant => CompletionItemKind::CONSTANT,
        WordKind::Parameter => CompletionItemKind::FIELD,
        WordKind::Local => CompletionItemKind::VARIABLE,
        WordKind::Module => CompletionItemKind::MODULE,
        WordKind::Domain => CompletionItemKind::STRUCT,
        WordKind::Block => CompletionItemKind::CLASS,
        WordKind::Key => CompletionItemKind::PROPERTY,
        WordKind::Value => CompletionItemKind::ENUM_MEMBER,
    }
}

//! The conversation: which message is answered by what, and when.

use super::analysis::{Job, Outcome};
use super::document::Document;
use super::world::{Disk, World};
use super::{completion, hover, navigate, rename, signature, tokens, uri};
use crate::syntax::format;
use lsp_server::{ErrorCode, Message, Notification, Request, Response, ResponseError};
use lsp_types::{
    CompletionParams, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentFormattingParams, DocumentHighlight,
    DocumentHighlightParams, DocumentSymbolParams, GotoDefinitionParams, Hover, HoverContents,
    HoverParams, MarkupContent, MarkupKind, PublishDiagnosticsParams, ReferenceParams,
    RenameParams, SemanticTokens, SemanticTokensParams, SignatureHelpParams,
    TextDocumentIdentifier, TextDocumentPositionParams, TextEdit, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::str::FromStr;

/// How far a conversation has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    New,
    Open,
    ShutDown,
    /// Over; whether it was shut down before.
    Over(bool),
}

/// A language server: messages in, messages out.
pub struct Server {
    disk: Box<dyn Disk>,
    documents: BTreeMap<String, Document>,
    /// What is shown in each file, by the program that says it.
    shown: BTreeMap<String, BTreeMap<String, Vec<Diagnostic>>>,
    stage: Stage,
    /// Whether the client inserts snippets.
    snippets: bool,
    /// Whether the client can show the modules of the library, which are no files.
    virtual_files: bool,
}

type Answer = Result<Value, ResponseError>;

fn refuse(code: ErrorCode, message: impl Into<String>) -> ResponseError {
    ResponseError {
        code: code as i32,
        message: message.into(),
        data: None,
    }
}

fn parameters<P: DeserializeOwned>(value: Value) -> Result<P, ResponseError> {
    serde_json::from_value(value)
        .map_err(|error| refuse(ErrorCode::InvalidParams, error.to_string()))
}

fn result(value: impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| refuse(ErrorCode::InternalError, error.to_string()))
}

impl Server {
    /// A server that nobody has spoken to.
    pub fn new(disk: Box<dyn Disk>) -> Server {
        Server {
            disk,
            documents: BTreeMap::new(),
            shown: BTreeMap::new(),
            stage: Stage::New,
            snippets: false,
            virtual_files: false,
        }
    }

    /// Whether the conversation is over, and then whether it ended as it should.
    pub fn is_over(&self) -> Option<bool> {
        match self.stage {
            Stage::Over(well) => Some(well),
            _ => None,
        }
    }

    /// Takes a message, and gives what is to be sent.
    pub fn handle(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => {
                let id = request.id.clone();
                let response_result = self.request(request);
                vec![Message::Response(Response {
                    id,
                    response_result,
                })]
            }
            Message::Notification(notification) => self.notification(notification),
            // Nothing is asked of the client.
            Message::Response(_) => Vec::new(),
        }
    }

    /// What is to be checked, if anything. The outcome goes to [`Server::finish`].
    pub fn job(&mut self) -> Option<Job> {
        let mut documents = self.documents.values();
        let next = documents.find(|document| document.dirty)?;
        let job = Job::new(next, &self.documents, self.disk.as_ref());
        let uri = next.uri.clone();
        if let Some(document) = self.documents.get_mut(&uri) {
            document.dirty = false;
        }
        Some(job)
    }

    /// Takes what a job has found, and gives what is to be sent. What is stale is dropped.
    pub fn finish(&mut self, outcome: Outcome) -> Vec<Message> {
        let Some(document) = self.documents.get_mut(&outcome.uri) else {
            return Vec::new();
        };
        if document.version != outcome.version {
            return Vec::new();
        }
        if outcome.program.is_some() {
            document.program = outcome.program;
        }
        document.files = outcome.files;
        let mut found = outcome.found;
        found.entry(outcome.uri.clone()).or_default();
        let before = self.shown.insert(outcome.uri, found.clone());
        let before = before.unwrap_or_default().into_keys();
        let mut files: Vec<String> = before.chain(found.into_keys()).collect();
        files.sort();
        files.dedup();
        files.iter().filter_map(|file| self.publish(file)).collect()
    }

    /// All that is said of a file: of one that is open what it says as a program of its own.
    fn publish(&self, file: &str) -> Option<Message> {
        let mut all: Vec<Diagnostic> = Vec::new();
        for (root, files) in &self.shown {
            let others = root != file && self.documents.contains_key(file);
            for diagnostic in files.get(file).into_iter().flatten() {
                if !others && !all.contains(diagnostic) {
                    all.push(diagnostic.clone());
                }
            }
        }
        let parameters = PublishDiagnosticsParams {
            uri: Uri::from_str(file).ok()?,
            diagnostics: all,
            version: self.documents.get(file).map(|document| document.version),
        };
        let method = "textDocument/publishDiagnostics".to_owned();
        Some(Message::Notification(Notification::new(method, parameters)))
    }

    fn request(&mut self, request: Request) -> Answer {
        match (self.stage, request.method.as_str()) {
            (Stage::New, "initialize") => self.initialize(request.params),
            (Stage::New, _) => Err(refuse(
                ErrorCode::ServerNotInitialized,
                "the first request is `initialize`",
            )),
            (Stage::Open, "shutdown") => {
                self.stage = Stage::ShutDown;
                Ok(Value::Null)
            }
            (Stage::Open, method) => self.question(method, request.params),
            (Stage::ShutDown | Stage::Over(_), _) => Err(refuse(
                ErrorCode::InvalidRequest,
                "the server has been shut down",
            )),
        }
    }

    fn initialize(&mut self, value: Value) -> Answer {
        let at = |path: &str| {
            value
                .pointer(path)
                .and_then(Value::as_bool)
                .unwrap_or(false)
        };
        self.snippets = at("/capabilities/textDocument/completion/completionItem/snippetSupport");
        self.virtual_files = at("/initializationOptions/virtualFiles");
        self.stage = Stage::Open;
        Ok(json!({
            "serverInfo": { "name": "effpot-lang", "version": env!("CARGO_PKG_VERSION") },
            "capabilities": capabilities(),
        }))
    }

    fn question(&mut self, method: &str, value: Value) -> Answer {
        match method {
            "textDocument/hover" => self.hover(parameters(value)?),
            "textDocument/completion" => self.completion(parameters(value)?),
            "textDocument/signatureHelp" => self.signature(parameters(value)?),
            "textDocument/definition" => self.definition(parameters(value)?),
            "textDocument/references" => self.references(parameters(value)?),
            "textDocument/documentHighlight" => self.highlights(parameters(value)?),
            "textDocument/documentSymbol" => self.symbols(parameters(value)?),
            "textDocument/prepareRename" => self.prepare(parameters(value)?),
            "textDocument/rename" => self.rename(parameters(value)?),
            "textDocument/formatting" => self.formatting(parameters(value)?),
            "textDocument/semanticTokens/full" => self.tokens(parameters(value)?),
            "effpot/text" => self.text(parameters(value)?),
            _ => Err(refuse(
                ErrorCode::MethodNotFound,
                format!("there is no request `{method}`"),
            )),
        }
    }

    fn notification(&mut self, notification: Notification) -> Vec<Message> {
        if notification.method == "exit" {
            self.stage = Stage::Over(self.stage == Stage::ShutDown);
            return Vec::new();
        }
        if self.stage != Stage::Open {
            return Vec::new();
        }
        let value = notification.params;
        match notification.method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(parameters) = parameters::<DidOpenTextDocumentParams>(value) {
                    let opened = parameters.text_document;
                    let uri = opened.uri.as_str().to_owned();
                    let document = Document::new(&uri, opened.version, &opened.text);
                    self.documents.insert(uri.clone(), document);
                    self.touch(&uri);
                }
            }
            "textDocument/didChange" => {
                if let Ok(parameters) = parameters::<DidChangeTextDocumentParams>(value) {
                    let uri = parameters.text_document.uri.as_str();
                    if let Some(document) = self.documents.get_mut(uri) {
                        document
                            .change(parameters.text_document.version, parameters.content_changes);
                        self.touch(uri);
                    }
                }
            }
            "textDocument/didClose" => {
                if let Ok(parameters) = parameters::<DidCloseTextDocumentParams>(value) {
                    return self.close(parameters.text_document.uri.as_str());
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                for document in self.documents.values_mut() {
                    document.dirty |= document.files.len() > 1;
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// The programs that a file is part of must be checked again.
    fn touch(&mut self, uri: &str) {
        let path = uri::path(uri);
        for document in self.documents.values_mut() {
            let part = path
                .as_ref()
                .is_some_and(|path| document.files.contains(path));
            document.dirty |= part;
        }
    }

    fn close(&mut self, uri: &str) -> Vec<Message> {
        self.documents.remove(uri);
        self.touch(uri);
        let files = self.shown.remove(uri).unwrap_or_default().into_keys();
        files.filter_map(|file| self.publish(&file)).collect()
    }

    /// A document and the byte of a place in it.
    fn place(
        &self,
        at: &TextDocumentPositionParams,
    ) -> Result<(&Document, World<'_>, usize), ResponseError> {
        let (document, world) = self.document(&at.text_document)?;
        let byte = document.lines.byte(&document.text, at.position);
        Ok((document, world, byte))
    }

    fn document(
        &self,
        at: &TextDocumentIdentifier,
    ) -> Result<(&Document, World<'_>), ResponseError> {
        let document = self.documents.get(at.uri.as_str()).ok_or_else(|| {
            let message = format!("{} is not open", at.uri.as_str());
            refuse(ErrorCode::InvalidParams, message)
        })?;
        let world = World::new(&self.documents, self.disk.as_ref());
        Ok((document, world))
    }

    fn hover(&self, at: HoverParams) -> Answer {
        let (document, world, byte) = self.place(&at.text_document_position_params)?;
        let found = hover::hover(document, &world, byte);
        result(found.map(|(value, range)| Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::Markdown,
                value,
            }),
            range: Some(document.lines.range(&document.text, &range)),
        }))
    }

    fn completion(&self, at: CompletionParams) -> Answer {
        let (document, world, byte) = self.place(&at.text_document_position)?;
        result(completion::completion(
            document,
            &world,
            byte,
            self.snippets,
        ))
    }

    fn signature(&self, at: SignatureHelpParams) -> Answer {
        let (document, world, byte) = self.place(&at.text_document_position_params)?;
        result(signature::signature(document, &world, byte))
    }

    fn definition(&self, at: GotoDefinitionParams) -> Answer {
        let (document, world, byte) = self.place(&at.text_document_position_params)?;
        result(navigate::definition(
            document,
            &world,
            byte,
            self.virtual_files,
        ))
    }

    fn references(&self, at: ReferenceParams) -> Answer {
        let (document, world, byte) = self.place(&at.text_document_position)?;
        let with_definition = at.context.include_declaration;
        let virtual_files = self.virtual_files;
        result(navigate::references(
            document,
            &world,
            byte,
            with_definition,
            virtual_files,
        ))
    }

    fn highlights(&self, at: DocumentHighlightParams) -> Answer {
        let (document, _, byte) = self.place(&at.text_document_position_params)?;
        let ranges = navigate::highlights(&document.outline, byte).into_iter();
        let highlights = ranges.map(|range| DocumentHighlight {
            range: document.lines.range(&document.text, &range),
            kind: None,
        });
        result(highlights.collect::<Vec<_>>())
    }

    fn symbols(&self, of: DocumentSymbolParams) -> Answer {
        let (document, _) = self.document(&of.text_document)?;
        result(navigate::symbols(document))
    }

    fn prepare(&self, at: TextDocumentPositionParams) -> Answer {
        let (document, world, byte) = self.place(&at)?;
        let range = rename::prepare(document, &world, byte);
        let range = range.map_err(|why| refuse(ErrorCode::RequestFailed, why))?;
        result(document.lines.range(&document.text, &range))
    }

    fn rename(&self, at: RenameParams) -> Answer {
        let (document, world, byte) = self.place(&at.text_document_position)?;
        let edit = rename::rename(document, &world, byte, &at.new_name);
        result(edit.map_err(|why| refuse(ErrorCode::RequestFailed, why))?)
    }

    /// The document in the one layout, as one edit; none where it cannot be read.
    fn formatting(&self, of: DocumentFormattingParams) -> Answer {
        let (document, _) = self.document(&of.text_document)?;
        let text = &document.text;
        let Ok(new_text) = format(text) else {
            return Ok(Value::Null);
        };
        let range = document.lines.range(text, &(0..text.len()));
        let edits = match new_text == **text {
            true => Vec::new(),
            false => vec![TextEdit { range, new_text }],
        };
        result(edits)
    }

    fn tokens(&self, of: SemanticTokensParams) -> Answer {
        let (document, _) = self.document(&of.text_document)?;
        result(SemanticTokens {
            result_id: None,
            data: tokens::tokens(document),
        })
    }

    /// The text of a module of the library, for clients that show it.
    fn text(&self, of: TextDocumentIdentifier) -> Answer {
        let world = World::new(&self.documents, self.disk.as_ref());
        let module = uri::module(of.uri.as_str()).and_then(|name| world.module(name));
        result(module.map(|site| site.text.to_string()))
    }
}

/// What the server can do.
fn capabilities() -> Value {
    json!({
        "textDocumentSync": { "openClose": true, "change": 2, "save": true },
        "hoverProvider": true,
        "completionProvider": { "triggerCharacters": [".", "\"", ":", "("] },
        "signatureHelpProvider": { "triggerCharacters": ["(", ","] },
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "documentSymbolProvider": true,
        "documentFormattingProvider": true,
        "renameProvider": { "prepareProvider": true },
        "semanticTokensProvider": { "legend": tokens::legend(), "full": true },
    })
}

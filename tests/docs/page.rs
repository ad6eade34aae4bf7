//! A page as a list of fenced blocks.
//!
//! A comment directly above a fence says what is special of it. Readers of the rendered page do
//! not see it; the text around the block tells them.
//!
//! | comment | meaning |
//! |---|---|
//! | `<!-- file: rough.pot -->` | the block is that file, for what follows on the page; a program without a name is `example.pot` |
//! | `<!-- wrong: code -->` | a program that must give these diagnostics, and no others (several: commas) |
//! | `<!-- free -->` | a program that is not in the layout of `fmt`, on purpose |
//! | `<!-- exit: 3 -->` | the exit code of the commands |
//! | `<!-- slow -->` | run with `EFFPOT_FULL_TESTS=1` alone, as everything that builds on it |
//! | `<!-- shown: why -->` | not run, and why not |

/// What stands above a block.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Directive {
    pub file: Option<String>,
    pub wrong: Vec<String>,
    pub free: bool,
    pub exit: i32,
    pub slow: bool,
    pub shown: bool,
}

/// A fenced block.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    pub language: String,
    pub directive: Directive,
    pub body: String,
    /// The line of the page, from 1, where its body begins.
    pub line: usize,
    /// The spaces before its fence.
    pub indent: usize,
    /// The block whose output it is.
    pub of: Option<usize>,
}

/// A page.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    pub name: String,
    pub blocks: Vec<Block>,
}

/// What may show what a block before it prints.
const OUTPUTS: [&str; 2] = ["text", "json"];

/// The whole list of languages: a block of any other is an error, so that none escapes.
const LANGUAGES: [&str; 7] = ["pot", "sh", "text", "json", "python", "c", "rust"];

impl Page {
    /// The blocks of a page.
    ///
    /// # Errors
    /// A fence that is never closed, a language that nobody runs, a comment that means nothing, an
    /// output of nothing.
    pub fn read(name: &str, text: &str) -> Result<Page, String> {
        let mut page = Page {
            name: name.to_owned(),
            blocks: Vec::new(),
        };
        let mut lines = text.lines().enumerate();
        let mut above = "";
        while let Some((at, line)) = lines.next() {
            let bare = line.trim_start();
            let mark = if bare.starts_with('~') { '~' } else { '`' };
            let fence = bare.len() - bare.trim_start_matches(mark).len();
            if fence < 3 || bare[fence..].contains('`') {
                above = if line.trim().is_empty() { "" } else { line };
                continue;
            }
            let indent = line.len() - bare.len();
            let mut body = String::new();
            loop {
                let Some((_, line)) = lines.next() else {
                    return Err(format!("{name}:{}: this fence is never closed", at + 1));
                };
                let closes = line.trim();
                if closes.len() >= fence && closes.chars().all(|c| c == mark) {
                    break;
                }
                let spaces = line.len() - line.trim_start().len();
                body.push_str(&line[spaces.min(indent)..]);
                body.push('\n');
            }
            let language = bare[fence..].split_whitespace().next().unwrap_or_default();
            page.add(language, above, body, at + 2, indent)
                .map_err(|error| format!("{name}:{}: {error}", at + 1))?;
            above = "";
        }
        Ok(page)
    }

    fn add(
        &mut self,
        language: &str,
        above: &str,
        body: String,
        line: usize,
        indent: usize,
    ) -> Result<(), String> {
        let directive = Directive::read(above)?;
        if !LANGUAGES.contains(&language) && !directive.shown {
            return Err(format!(
                "`{language}` is no language of the documentation ({})",
                LANGUAGES.join(", ")
            ));
        }
        let mut of = None;
        if OUTPUTS.contains(&language) && !directive.shown && directive.file.is_none() {
            // The output of the block before, unless that is an output itself.
            let before = self.blocks.last();
            let speaks = |block: &Block| block.of.is_none() && block.language != "text";
            of = before
                .is_some_and(speaks)
                .then(|| self.blocks.len().wrapping_sub(1));
            if of.is_none() && language == "text" {
                return Err("this output belongs to nothing that is run".to_owned());
            }
        }
        self.blocks.push(Block {
            language: language.to_owned(),
            directive,
            body,
            line,
            indent,
            of,
        });
        Ok(())
    }

    /// The output that the page shows of a block.
    pub fn output_of(&self, block: usize) -> Option<&Block> {
        let next = self.blocks.get(block + 1)?;
        (next.of == Some(block)).then_some(next)
    }
}

impl Directive {
    fn read(above: &str) -> Result<Directive, String> {
        let mut directive = Directive::default();
        let comment = above.trim().strip_prefix("<!--");
        let Some(comment) = comment.and_then(|rest| rest.strip_suffix("-->")) else {
            return Ok(directive);
        };
        for part in comment.split(';') {
            let (key, value) = part.split_once(':').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim() {
                "file" => directive.file = Some(value.to_owned()),
                "wrong" => {
                    let codes = value.split(',').map(|code| code.trim().to_owned());
                    directive.wrong = codes.collect();
                }
                "exit" => {
                    let code = value.parse();
                    directive.exit = code.map_err(|_| format!("`{value}` is no exit code"))?;
                }
                "free" => directive.free = true,
                "slow" => directive.slow = true,
                "shown" if value.is_empty() => return Err("say why it is only shown".to_owned()),
                "shown" => directive.shown = true,
                other => return Err(format!("`{other}` above a block means nothing")),
            }
        }
        Ok(directive)
    }
}

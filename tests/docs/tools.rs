//! Tools beside our own binary that a page may need.

use std::process::{Command, Stdio};

/// A tool: how it is asked for, and what the page needs of it.
pub struct Tool {
    pub name: &'static str,
    ask: &'static [&'static str],
}

pub const NUMPY: Tool = Tool {
    name: "python3 with NumPy",
    ask: &["python3", "-c", "import numpy"],
};

pub const PYTHON: Tool = Tool {
    name: "python3",
    ask: &["python3", "-c", ""],
};

pub const CC: Tool = Tool {
    name: "a C compiler",
    ask: &["cc", "--version"],
};

/// Whether everything is to be run, whatever it takes.
pub fn everything() -> bool {
    std::env::var_os("EFFPOT_FULL_TESTS").is_some_and(|value| value != "0")
}

impl Tool {
    /// Whether it is there.
    ///
    /// # Errors
    /// It is not, and everything is to be run.
    pub fn there(&self) -> Result<bool, String> {
        let [program, arguments @ ..] = self.ask else {
            return Ok(true);
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let found = command.status().is_ok_and(|status| status.success());
        match found || !everything() {
            true => Ok(found),
            false => Err(format!(
                "EFFPOT_FULL_TESTS is set and there is no {}",
                self.name
            )),
        }
    }
}

//! What this package is made of: every other package is from the one registry, whole by its
//! checksum; and `cargo deny`, where it is installed, finds nothing wrong with licences and sources.

use std::path::Path;
use std::process::Command;

#[test]
fn all_packages_are_from_the_registry_and_have_checksums() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for lock in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let text = std::fs::read_to_string(root.join(lock)).unwrap();
        let (mut own, mut others) = (Vec::new(), 0);
        for package in text.split("[[package]]").skip(1) {
            let field = |name: &str| {
                let line = package.lines().find(|line| line.starts_with(name))?;
                line.split('"').nth(1)
            };
            let name = field("name = ").unwrap();
            match field("source = ") {
                None => own.push(name),
                Some(source) => {
                    let registry = "registry+https://github.com/rust-lang/crates.io-index";
                    assert_eq!(source, registry, "{lock}: {name}");
                    let checksum = field("checksum = ").map_or(0, str::len);
                    assert_eq!(checksum, 64, "{lock}: {name}");
                    others += 1;
                }
            }
        }
        assert!(
            own.iter().all(|name| name.starts_with("effpot-lang")),
            "{own:?}"
        );
        assert!(others > 100, "{lock}: {others}");
    }
}

#[test]
fn licences_and_sources_are_those_that_are_allowed() {
    let there = Command::new("cargo").args(["deny", "--version"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        assert!(
            std::env::var_os("EFFPOT_FULL_TESTS").is_none(),
            "cargo deny is not installed"
        );
        eprintln!("skipped: cargo deny is not installed");
        return;
    }
    let ran = Command::new("cargo")
        .args(["deny", "--offline", "check", "licenses", "sources", "bans"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

//! All that the fuzzers ever found, and what took them longest: each file of `tests/findings`, by the target whose name its own
//! begins with.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

#[test]
fn what_was_found_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/findings");
    let mut tried = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let target = targets::TARGETS.iter().find(|(target, _)| {
            name.strip_prefix(target)
                .is_some_and(|rest| rest.starts_with('-'))
        });
        let (_, target) = target.unwrap_or_else(|| panic!("{name} begins with no target"));
        target(&std::fs::read(&path).unwrap());
        tried += 1;
    }
    assert!(tried > 0);
}

//! Places that cannot be written: a full disk, a read-only file system, a device that is full, a
//! pipe that is closed. The message is clear, nothing half-written stays, and what was there before
//! is whole. A small file system of memory is mounted for it, where that is allowed.
#![cfg(target_os = "linux")]

#[path = "support/place.rs"]
mod place;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use place::{Place, Ran, names, signal};

const PROGRAM: &str = "V(q) = q^2/2 + 0.001*sin(q/0.001)\n";
const LEARN: [&str; 6] = ["v.pot", "-q", "--delta", "0.5", "--steps", "2e5"];

/// A file system of so many bytes.
struct Disk(PathBuf);

impl Disk {
    /// `None`, and a word of it, where nothing can be mounted.
    fn mount(at: PathBuf, size: &str) -> Option<Disk> {
        std::fs::create_dir(&at).unwrap();
        let size = format!("size={size}");
        let ran = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&at)
            .output();
        if ran.is_ok_and(|output| output.status.success()) {
            return Some(Disk(at));
        }
        assert!(
            std::env::var_os("EFFPOT_FULL_TESTS").is_none(),
            "no file system can be mounted"
        );
        eprintln!("skipped: no file system can be mounted here");
        None
    }

    fn read_only(&self) {
        let ran = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.0)
            .status();
        assert!(ran.unwrap().success());
    }

    fn names(&self) -> Vec<String> {
        names(&self.0)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn a_full_disk_loses_nothing_that_was_there() {
    let place = Place::with(PROGRAM);
    let Some(disk) = Disk::mount(place.path("disk"), "64k") else {
        return;
    };
    let learn = |more: &[&str]| place.run(&[&LEARN[..], more].concat());
    // Results do not fit: not one of their files stays.
    learn(&["-o", "disk/a"]).says(4, &["results cannot be written to disk/a", "No space left"]);
    assert_eq!(disk.names(), Vec::<String>::new());
    // Nor do larger ones in the place of others, which stay as they are.
    std::fs::create_dir(disk.0.join("a")).unwrap();
    place.write("disk/a/result.json", b"{}");
    learn(&["-o", "disk/a", "--force"]).says(4, &["results cannot be written to disk/a"]);
    assert_eq!(disk.names(), ["a"]);
    assert_eq!(read(&disk.0.join("a/result.json")), b"{}");
    // A shard, an export, a file in the layout, a figure.
    let filled = vec![b'x'; 52 << 10];
    place.write("disk/rest", &filled);
    learn(&["--shard", "1/2", "-o", "disk/s"]).says(4, &["cannot be written", "No space left"]);
    let long: String = (1..2000).map(|i| format!("+sin({i}*q)")).collect();
    let long = format!("V(q) = 0{long}\n");
    place.write("long.pot", long.as_bytes());
    place.write("disk/e.py", b"# before\n");
    let export = ["export", "long.pot", "--to", "python", "-o", "disk/e.py"];
    place.run(&export).says(4, &["disk/e.py", "No space left"]);
    assert_eq!(read(&disk.0.join("e.py")), b"# before\n");
    std::fs::remove_file(disk.0.join("e.py")).unwrap();
    let file = "V(q) =   q^2".to_owned() + &" ".repeat(100) + "+ 1\n";
    place.write("disk/f.pot", file.as_bytes());
    let mut left = 16 << 10;
    // Every last byte.
    let mut more = std::fs::File::create(disk.0.join("last")).unwrap();
    while left > 0 {
        match std::io::Write::write(&mut more, &filled[..left]) {
            Ok(0) | Err(_) => left /= 2,
            Ok(_) => {}
        }
    }
    place
        .run(&["fmt", "disk/f.pot"])
        .says(4, &["disk/f.pot cannot be written"]);
    assert_eq!(read(&disk.0.join("f.pot")), file.as_bytes());
    assert_eq!(disk.names(), ["a", "f.pot", "last", "rest"]);
}

/// A file that is replaced keeps who may read it, a link stays one, a pipe is written to, and what is
/// marked as not to be written is not, also by who could.
#[test]
fn what_is_there_is_replaced_and_nothing_beside_it() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::with("V(q) = q^2\n");
    let mode = |name: &str, mode: u32| {
        std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let plot = |to: &str| place.run(&["plot", "v.pot", "-o", to, "--force"]);
    place.write("real.svg", b"before");
    mode("real.svg", 0o640);
    symlink("real.svg", place.path("link.svg")).unwrap();
    plot("link.svg").says(0, &[]);
    assert!(place.path("link.svg").is_symlink());
    let real = std::fs::metadata(place.path("real.svg")).unwrap();
    assert_eq!(real.permissions().mode() & 0o777, 0o640);
    let drawn = read(&place.path("real.svg"));
    assert!(drawn.starts_with(b"<"));

    mode("real.svg", 0o440);
    plot("link.svg").says(4, &["link.svg cannot be written", "marked as not to be"]);
    assert_eq!(read(&place.path("real.svg")), drawn);

    let pipe = place.path("pipe.svg");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let reader = Command::new("cat")
        .arg(&pipe)
        .stdout(Stdio::piped())
        .spawn();
    plot("pipe.svg").says(0, &[]);
    assert_eq!(reader.unwrap().wait_with_output().unwrap().stdout, drawn);
    assert_eq!(place.names(), ["link.svg", "pipe.svg", "real.svg", "v.pot"]);
}

/// A run that cannot be saved says so once, and goes on to its result elsewhere.
#[test]
fn a_run_that_cannot_be_saved_goes_on() {
    let place = Place::with(PROGRAM);
    let Some(disk) = Disk::mount(place.path("disk"), "4k") else {
        return;
    };
    let flags = [
        "v.pot",
        "--delta",
        "0.5",
        "--steps",
        "1e12",
        "--checkpoint",
        "0.1",
    ];
    let child = place.spawn(&[&flags[..], &["-o", "disk/a"]].concat());
    std::thread::sleep(std::time::Duration::from_millis(2500));
    signal(&child, "-TERM");
    let ran = Ran::of(child.wait_with_output().unwrap());
    let ran = ran.says(
        4,
        &["warning[not-saved]", "disk/a.checkpoint", "No space left"],
    );
    assert_eq!(ran.err.matches("not-saved").count(), 1, "{ran:#?}");
    assert_eq!(disk.names(), Vec::<String>::new());
}

#[test]
fn a_read_only_file_system_is_seen_before_the_run() {
    let place = Place::with(PROGRAM);
    let Some(disk) = Disk::mount(place.path("disk"), "1m") else {
        return;
    };
    place.write("disk/f.pot", b"V(q) =   q^2\n");
    disk.read_only();
    let learn = |more: &[&str]| {
        place.run(&[&["v.pot", "--delta", "0.5", "--steps", "1e15"], more].concat())
    };
    // At once: a run of so many steps would not end.
    learn(&["-o", "disk/a"]).says(4, &["results cannot be written to disk/a", "Read-only"]);
    learn(&["--shard", "1/2", "-o", "disk/s"])
        .says(4, &["cannot be written to disk/s", "Read-only"]);
    place
        .run(&["fmt", "disk/f.pot"])
        .says(4, &["disk/f.pot cannot be written", "Read-only"]);
    let export = ["export", "v.pot", "--to", "c", "-o", "disk/e.c"];
    place.run(&export).says(4, &["disk/e.c", "Read-only"]);
    assert_eq!(disk.names(), ["f.pot"]);
    assert_eq!(read(&disk.0.join("f.pot")), b"V(q) =   q^2\n");
}

/// Standard output that is full is an error; one that nobody reads is a quiet end.
#[test]
fn output_that_nobody_takes() {
    let place = Place::with(PROGRAM);
    let eval = ["eval", "v.pot", "--at", "1"];
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = place.command(&eval);
    command.stdout(full).stderr(Stdio::piped());
    let ran = Ran::of(command.spawn().unwrap().wait_with_output().unwrap());
    ran.says(4, &["standard output cannot be written", "No space left"]);
    for arguments in [
        &eval[..],
        &["check", "v.pot"],
        &["export", "v.pot", "--to", "c"],
    ] {
        let mut child = place.spawn(arguments);
        drop(child.stdout.take());
        let ran = Ran::of(child.wait_with_output().unwrap()).says(0, &[]);
        assert_eq!(ran.err, "");
    }
}

/// Time and memory: what would need more is refused with an estimate, or stopped and kept.
/// What has no end, or is too large, is not read into memory: with 3 GB of address space.
#[test]
fn what_has_no_end_is_not_read_to_it() {
    let place = Place::with("V(q) = q^2\n");
    let limited = |words: &str| {
        let program = assert_cmd::cargo::cargo_bin!("effpot-lang").display();
        let line = format!("ulimit -v 3000000; exec {program} {words}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(place.path(""));
        shell.stdin(std::fs::File::open("/dev/zero").unwrap());
        Ran::of(shell.output().unwrap())
    };
    let more = ["it has more than 67108864 bytes"];
    limited("check /dev/zero").says(4, &more);
    limited("eval v.pot --points /dev/zero").says(4, &more);
    limited("eval v.pot --points -").says(4, &["standard input", more[0]]);
    limited("fmt -").says(4, &["standard input", more[0]]);
    limited("merge /dev/zero").says(4, &["/dev/zero is no checkpoint"]);
    limited("").says(4, &["line 1 of standard input is too long", "`:load`"]);
    limited("reproduce /dev/zero").says(4, &more);
    limited("learn v.pot --gamma 0.1 --friction /dev/zero").says(2, &["neither a matrix"]);
    place.write("many.csv", "1\n".repeat(4_000_001).as_bytes());
    limited("eval v.pot --points many.csv").says(4, &["many.csv has more than 4000000", "parts"]);
    place.write("long.csv", &[b'x'; 1 << 20]);
    let ran = limited("eval v.pot --points long.csv").says(4, &["long.csv, line 1", "x..."]);
    assert!(ran.err.len() < 200, "{}", ran.err);
    let sparse = std::fs::File::create(place.path("large.pot")).unwrap();
    sparse.set_len((64 << 20) + 1).unwrap();
    limited("check large.pot").says(4, &["large.pot has 67108865 bytes", "may have 67108864"]);
    sparse.set_len(1 << 40).unwrap();
    limited("merge large.pot").says(4, &["large.pot is no checkpoint"]);
    limited("learn v.pot --mass large.pot").says(2, &["neither a matrix"]);
}

#[test]
fn limits_are_kept_and_named() {
    let place = Place::with(PROGRAM);
    let learn = |more: &[&str]| place.run(&[&["v.pot", "--delta", "0.5"], more].concat());
    let ran = learn(&["--steps", "1e15", "--max-time", "1", "-o", "a"]);
    ran.says(
        5,
        &[
            "interrupted",
            "error[time-limit]",
            "--max-time is 1 s",
            "saved",
        ],
    );
    assert_eq!(place.names(), ["a", "a.checkpoint", "v.pot"]);
    let many = ["--trajectories", "1e6", "--gamma", "0.001", "-o", "b"];
    learn(&many).says(
        5,
        &["error[too-large]", "GB; the limit is 2 GB", "--max-memory"],
    );
    let few = ["--steps", "1e5", "--max-memory", "100kB", "-o", "b"];
    learn(&few).says(5, &["error[too-large]", "the limit is"]);
    learn(&["--max-memory", "much"]).says(2, &["--max-memory", "8GB"]);
    learn(&["--max-time", "0"]).says(2, &["--max-time", "positive"]);
    assert_eq!(place.names(), ["a", "a.checkpoint", "v.pot"]);
}

//! What the shop expects of its release desk.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// 1 January 1980 and midnight, as a zip writes them.
const FIRST_DAY: (u16, u16) = (0x0021, 0);

/// A file of the build.
#[derive(Clone)]
struct File {
    path: String,
    mode: u32,
    modified: u64,
    data: Vec<u8>,
    link: Option<String>,
}

impl File {
    fn new(path: impl Into<String>, mode: u32, data: impl Into<Vec<u8>>) -> File {
        File { path: path.into(), mode, modified: 1_790_000_001, data: data.into(), link: None }
    }

    fn link(path: &str, to: &str) -> File {
        File { link: Some(to.to_owned()), ..File::new(path, 0o777, "") }
    }

    fn event(&self) -> Value {
        let mut event = json!({ "path": self.path, "mode": self.mode, "modified": self.modified });
        match &self.link {
            Some(to) => event["link"] = json!(to),
            None => event["data"] = json!(BASE64_STANDARD.encode(&self.data)),
        }
        event
    }
}

fn event(architecture: &str, files: &[File]) -> Value {
    json!({ "architecture": architecture, "files": files.iter().map(File::event).collect::<Vec<_>>() })
}

/// `e_machine` of the programs of an architecture.
fn machine(architecture: &str) -> u16 {
    if architecture == "arm64" { 183 } else { 62 }
}

/// The beginning of an ELF file, and some code.
fn program(machine: u16, seed: &mut Seed) -> Vec<u8> {
    let mut program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
    program.extend(machine.to_le_bytes());
    program.extend((0..seed.number(60..=300)).map(|_| seed.number(0..=255) as u8));
    program
}

fn bootstrap(architecture: &str, seed: &mut Seed) -> File {
    File::new("bootstrap", 0o755, program(machine(architecture), seed))
}

/// A build: a program and a few files of which each belongs into the package.
fn build(architecture: &str, seed: &mut Seed) -> Vec<File> {
    let mut files = vec![bootstrap(architecture, seed)];
    for folder in ["assets", "Assets", "assets/fonts", "b"] {
        let (name, text) = (seed.name(), format!("{} in {folder}", seed.name()));
        files.push(File::new(format!("{folder}/{name}.txt"), 0o644, text));
    }
    // By the bytes of a path both stand before what lies in the folder `b`, part for part they stand behind it.
    files.extend(["b-", "b."].map(|start| File::new(format!("{start}{}", seed.name()), 0o644, start)));
    files.push(File::new(format!("Ω-{}.json", seed.name()), 0o644, "{}"));
    files.push(File::new("a", 0o644, ""));
    shuffle(&mut files, seed);
    files
}

fn shuffle<T>(items: &mut [T], seed: &mut Seed) {
    for last in (1..items.len()).rev() {
        items.swap(last, seed.number(0..=last as u64) as usize);
    }
}

/// A file as it stands in a zip.
#[derive(Debug, PartialEq)]
struct Packed {
    mode: u32,
    modified: (u16, u16),
    data: Vec<u8>,
}

/// What stands in a zip, in its order. Reads the directory at the end, as every unpacker does, and holds each file's own
/// head against it.
fn unpack(zip: &[u8]) -> Result<Vec<(String, Packed)>, String> {
    let word = |at: usize| Some(u16::from_le_bytes(zip.get(at..at + 2)?.try_into().ok()?));
    let long = |at: usize| Some(u32::from_le_bytes(zip.get(at..at + 4)?.try_into().ok()?) as usize);
    let read = || -> Option<Vec<(String, Packed)>> {
        let end = zip.len().checked_sub(22)?;
        let (count, mut at) = (word(end + 10)?, long(end + 16)?);
        zip[end..].starts_with(b"PK\x05\x06").then_some(())?;
        let mut files = Vec::new();
        for _ in 0..count {
            zip.get(at..)?.starts_with(b"PK\x01\x02").then_some(())?;
            let (method, length, name) = (word(at + 10)?, long(at + 24)?, word(at + 28)? as usize);
            let (more, comment) = (word(at + 30)? as usize, word(at + 32)? as usize);
            let path = String::from_utf8(zip.get(at + 46..at + 46 + name)?.to_vec()).ok()?;
            let (mode, head) = ((long(at + 38)? >> 16) as u32, long(at + 42)?);
            let begins = head + 30 + word(head + 26)? as usize + word(head + 28)? as usize;
            let same_head = zip.get(head..)?.starts_with(b"PK\x03\x04")
                && zip.get(head + 6..head + 26) == zip.get(at + 8..at + 28)
                && zip.get(head + 30..head + 30 + name) == Some(path.as_bytes());
            (method == 0 && same_head).then_some(())?;
            let modified = (word(at + 14)?, word(at + 12)?);
            files.push((path, Packed { mode, modified, data: zip.get(begins..begins + length)?.to_vec() }));
            at += 46 + name + more + comment;
        }
        (at == end).then_some(files)
    };
    read().ok_or_else(|| "it is no zip of stored files".to_owned())
}

/// What the desk has made.
struct Package {
    zip: Vec<u8>,
    answer: Value,
}

impl Package {
    fn of(outcome: &Outcome) -> Package {
        outcome.expect_that("`zip` is a zip in Base64", |answer| {
            let zip = answer["zip"].as_str().and_then(|zip| BASE64_STANDARD.decode(zip).ok());
            zip.is_some_and(|zip| unpack(&zip).is_ok())
        });
        let answer = outcome.expect_response();
        let zip = BASE64_STANDARD.decode(answer["zip"].as_str().unwrap_or_default()).unwrap_or_default();
        Package { zip, answer }
    }

    fn files(&self) -> Vec<(String, Packed)> {
        unpack(&self.zip).unwrap_or_default()
    }

    fn paths(&self) -> Vec<String> {
        self.files().into_iter().map(|(path, _)| path).collect()
    }

    #[track_caller]
    fn expect_paths(&self, story: &str, mut expected: Vec<&str>) {
        expected.sort_unstable();
        let got = self.paths();
        assert!(got == expected, "{story}: the zip has, in this order, {got:?}; expected {expected:?}");
    }
}

fn desk() -> Function {
    Function::builder(binary!()).memory_mb(512).start()
}

#[test]
fn packs_every_file_as_it_is() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    for architecture in ["arm64", "x86_64"] {
        let files = build(architecture, &mut seed);
        let outcome = desk
            .story(format!("a build for {architecture}, nothing wrong with it"))
            .invoke(event(architecture, &files));
        let package = Package::of(&outcome);
        let packed: BTreeMap<String, Packed> = package.files().into_iter().collect();
        for file in &files {
            let data = packed.get(&file.path).map(|packed| &packed.data);
            assert!(data == Some(&file.data), "{} is in the zip with the bytes that it had", file.path);
        }
        assert_eq!(packed.len(), files.len(), "the zip has these files: {:?}", package.paths());
        outcome.expect_json_at("/left_out", json!([]));
    }
}

#[test]
fn says_the_hash_as_lambda_does() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    for architecture in ["x86_64", "arm64"] {
        let files = build(architecture, &mut seed);
        let outcome = desk.story("what will `CodeSha256` be?").invoke(event(architecture, &files));
        let package = Package::of(&outcome);
        let expected = BASE64_STANDARD.encode(Sha256::digest(&package.zip));
        outcome.expect_json_at("/sha256", expected);
    }
}

#[test]
fn sorts_the_files_by_the_bytes_of_their_paths() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    for _ in 0..3 {
        let files = build("arm64", &mut seed);
        let package = Package::of(&desk.story("files in any order").invoke(event("arm64", &files)));
        package.expect_paths("sorted by bytes", files.iter().map(|file| &*file.path).collect());
    }
}

#[test]
fn gives_every_file_the_time_with_which_zips_begin() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    for modified in [0, seed.number(1_600_000_000..=1_790_000_000), 4_000_000_000] {
        let mut files = build("x86_64", &mut seed);
        files.iter_mut().for_each(|file| file.modified = modified);
        let story = format!("the files were written {modified} seconds after 1970 began");
        let package = Package::of(&desk.story(&story).invoke(event("x86_64", &files)));
        for (path, packed) in package.files() {
            let (date, time) = packed.modified;
            let is = format!("{}-{:02}-{:02}", 1980 + (date >> 9), date >> 5 & 15, date & 31);
            assert!(
                packed.modified == FIRST_DAY,
                "{story}: {path} has the time 1980-01-01 00:00:00; it has {is}, {} seconds after midnight",
                u32::from(time >> 11) * 3_600 + u32::from(time >> 5 & 63) * 60 + u32::from(time & 31) * 2
            );
        }
    }
}

#[test]
fn gives_permissions_that_do_not_depend_on_who_built_it() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    let modes = [
        ("bootstrap", 0o600, 0o755),
        ("bootstrap", 0o664, 0o755),
        ("bootstrap", 0o4777, 0o755),
        ("extra/tool", 0o700, 0o755),
        ("extra/tool", 0o775, 0o755),
        ("notes.txt", 0o600, 0o644),
        ("notes.txt", 0o666, 0o644),
        ("bin/bootstrap", 0o640, 0o644),
        ("group.txt", 0o654, 0o644),
    ];
    for (path, mode, expected) in modes {
        let mut files = vec![bootstrap("arm64", &mut seed)];
        match path {
            "bootstrap" => files[0].mode = mode,
            _ => files.push(File::new(path, mode, seed.name())),
        }
        let story = format!("{path} had the mode {mode:o} on the disk");
        let package = Package::of(&desk.story(&story).invoke(event("arm64", &files)));
        let packed = package.files().into_iter().find(|(packed, _)| packed == path);
        let got = packed.map(|(_, packed)| packed.mode).unwrap_or_default();
        assert!(
            got == 0o100_000 | expected,
            "{story}: in the zip it is a file with the mode {expected:o}; it has {got:o} (a file has 100 in front)"
        );
    }
}

#[test]
fn makes_the_same_zip_of_the_same_files() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    let files = build("arm64", &mut seed);
    let first = Package::of(&desk.story("built here").invoke(event("arm64", &files)));
    for who in ["a colleague", "the pipeline"] {
        let mut again = files.clone();
        shuffle(&mut again, &mut seed);
        for file in &mut again {
            file.modified = seed.number(1_700_000_000..=1_800_000_000);
            // Everybody has a umask of his own.
            file.mode = *seed.pick(&if file.path == "bootstrap" { [0o755, 0o775] } else { [0o644, 0o600] });
        }
        again.push(File::new(".git/HEAD", 0o644, seed.name()));
        shuffle(&mut again, &mut seed);
        let outcome = desk.story(format!("the same files, built by {who}")).invoke(event("arm64", &again));
        let package = Package::of(&outcome);
        let (ours, theirs) = (first.files(), package.files());
        let differs = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
        let how = differs.map(|((path, ours), (other, theirs))| {
            let what = |packed: &Packed| format!("mode {:o}, date and time {:x?}", packed.mode, packed.modified);
            format!("; we have {path} ({}), where {who} has {other} ({})", what(ours), what(theirs))
        });
        let how = how.unwrap_or_default();
        assert!(package.zip == first.zip, "{who} gets the same zip, byte for byte, as we did{how}");
        outcome.expect_json_at("/sha256", first.answer["sha256"].clone());
    }
    let mut other = files.clone();
    other[0].data.push(0);
    let package = Package::of(&desk.story("one byte more").invoke(event("arm64", &other)));
    assert!(package.zip != first.zip, "other files make another zip");
}

#[test]
fn leaves_out_what_is_nobodys_business() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    let private = [
        ".env",
        ".env.production",
        "ci/.env/key",
        "ci/.env.local",
        "config/.env",
        "config/.env.d/keys",
        ".git/config",
        "vendor/x/.git/HEAD",
    ];
    let stays = [".gitignore", ".envoy/conf", "env", "dot.env", "git/x", ".well-known/x", ".environment"];
    for _ in 0..2 {
        let mut files = vec![bootstrap("arm64", &mut seed)];
        files.extend(private.iter().chain(&stays).map(|path| File::new(*path, 0o644, seed.name())));
        shuffle(&mut files, &mut seed);
        let outcome = desk.story("the whole folder, with its history and its settings").invoke(event("arm64", &files));
        let mut left_out = private;
        left_out.sort_unstable();
        let package = Package::of(&outcome);
        package.expect_paths("without .git and .env", stays.iter().copied().chain(["bootstrap"]).collect());
        outcome.expect_json_at("/left_out", json!(left_out));
    }
    let files =
        [bootstrap("arm64", &mut seed), File::link(".git/link", "HEAD"), File::new(".env/bootstrap", 0o755, "x")];
    let outcome = desk.story("what is left out is not looked at: it has a link").invoke(event("arm64", &files));
    Package::of(&outcome).expect_paths("a link in .git", vec!["bootstrap"]);
    outcome.expect_json_at("/left_out", json!([".env/bootstrap", ".git/link"]));
}

#[test]
fn refuses_paths_that_leave_the_folder() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    let name = seed.name();
    for path in [
        format!("/etc/{name}"),
        format!("../{name}"),
        format!("a/../{name}"),
        format!("{name}/.."),
        "..".to_owned(),
        format!("./{name}"),
        format!("a//{name}"),
        format!("{name}/"),
        String::new(),
        format!("..\\{name}"),
        format!("C:\\{name}"),
        format!(".git/../../{name}"),
    ] {
        let files = [bootstrap("arm64", &mut seed), File::new(path.clone(), 0o644, "x")];
        let outcome = desk.story(format!("the path {path:?}")).invoke(event("arm64", &files));
        outcome.expect_error_saying("UnsafePath", &path);
    }
    for path in
        [format!("a/..{name}"), format!("{name}..b/c.."), "...".to_owned(), format!("{name}/.x"), format!("{name}:x")]
    {
        let files = [bootstrap("arm64", &mut seed), File::new(path.clone(), 0o644, "x")];
        let outcome = desk.story(format!("the path {path:?}, which is harmless")).invoke(event("arm64", &files));
        Package::of(&outcome).expect_paths("harmless", vec!["bootstrap", &path]);
    }
}

#[test]
fn refuses_links_and_paths_that_come_twice() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    let name = seed.name();
    for (path, to) in [(name.as_str(), "/etc/passwd"), ("latest", "bootstrap")] {
        let files = [File::link(path, to), bootstrap("x86_64", &mut seed)];
        let outcome = desk.story(format!("{path} is a link to {to}")).invoke(event("x86_64", &files));
        outcome.expect_error_saying("SymbolicLink", path);
    }
    let other = seed.name();
    for (first, second) in [(&name, &name), (&name, &other)] {
        let files = [
            File::new(format!("a/{first}"), 0o644, "1"),
            bootstrap("x86_64", &mut seed),
            File::new("A", 0o644, "2"),
            File::new(format!("a/{second}"), 0o644, "3"),
        ];
        let outcome = desk.story(format!("a/{first} and a/{second}")).invoke(event("x86_64", &files));
        if first == second {
            outcome.expect_error_saying("Duplicate", &format!("a/{first}"));
        } else {
            let (first, second) = (format!("a/{first}"), format!("a/{second}"));
            Package::of(&outcome).expect_paths("four files", vec!["A", &first, &second, "bootstrap"]);
        }
    }
}

#[test]
fn refuses_a_package_without_a_bootstrap_at_its_top() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    for path in ["bin/bootstrap", "Bootstrap", "bootstrap.sh", "target/lambda/bootstrap", "prints"] {
        let files = [File { path: path.to_owned(), ..bootstrap("arm64", &mut seed) }];
        let outcome = desk.story(format!("the only program is {path}")).invoke(event("arm64", &files));
        outcome.expect_error("NoBootstrap");
    }
    desk.story("no files at all").invoke(event("x86_64", &[])).expect_error("NoBootstrap");
}

#[test]
fn refuses_a_bootstrap_that_lambda_could_not_start() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    let with = |data: Vec<u8>| [File::new("bootstrap", 0o755, data), File::new("a", 0o644, "a")];
    let right = program(183, &mut seed);
    let changed = |at: usize, byte: u8| {
        let mut data = right.clone();
        data[at] = byte;
        data
    };
    let mach_o = [&[0xcf, 0xfa, 0xed, 0xfe, 0x0c][..], &right[5..]].concat();
    let cut = seed.number(4..=19) as usize;
    for (story, data) in [
        ("a script", b"#!/bin/sh\nexec ./prints --and-much-more\n".to_vec()),
        ("a program for macOS", mach_o),
        ("an empty file", Vec::new()),
        ("only the first bytes of a program", right[..cut].to_vec()),
        ("all but the last byte that is needed", right[..19].to_vec()),
        ("a program of 32 bits", changed(4, 1)),
        ("big-endian", changed(5, 2)),
        ("no magic number", changed(3, b'f')),
    ] {
        desk.story(story).invoke(event("arm64", &with(data))).expect_error("NotAProgram");
    }
    let least = desk.story("twenty bytes of a program").invoke(event("arm64", &with(right[..20].to_vec())));
    Package::of(&least).expect_paths("no more is looked at", vec!["a", "bootstrap"]);
}

#[test]
fn refuses_a_bootstrap_for_another_architecture() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    for (architecture, machine) in [("arm64", 62), ("x86_64", 183), ("arm64", 40), ("x86_64", 3), ("arm64", 0x3eb7)] {
        let files = [File::new("bootstrap", 0o755, program(machine, &mut seed))];
        let story = format!("a program for machine {machine}, a function for {architecture}");
        desk.story(story).invoke(event(architecture, &files)).expect_error("WrongArchitecture");
    }
    for architecture in ["arm64", "x86_64"] {
        let files = [bootstrap(architecture, &mut seed)];
        let outcome = desk.story(format!("a program for {architecture}")).invoke(event(architecture, &files));
        Package::of(&outcome).expect_paths("the right machine", vec!["bootstrap"]);
    }
}

#[test]
fn says_the_first_thing_that_is_wrong() {
    let mut seed = Seed::at_run_time();
    let desk = desk();
    let name = seed.name();
    let all = [
        ("UnsafePath", File::new(format!("../{name}"), 0o644, "x")),
        ("SymbolicLink", File::link(&format!("l/{name}"), "x")),
        ("Duplicate", File::new(format!("d/{name}"), 0o644, "x")),
    ];
    for wrong in 0..all.len() {
        let mut files: Vec<File> = all[wrong..].iter().map(|(_, file)| file.clone()).collect();
        files.push(File::new(format!("d/{name}"), 0o644, "y"));
        shuffle(&mut files, &mut seed);
        let kinds: Vec<&str> = all[wrong..].iter().map(|(kind, _)| *kind).collect();
        let story = format!("several things are wrong: {}, and there is no bootstrap", kinds.join(", "));
        desk.story(story).invoke(event("arm64", &files)).expect_error(all[wrong].0);
    }
}

//! What chapter 7 prints about the code of a function: what parsers take, how a signature is guessed, which tenant gets
//! whose answer, and what a scan of a lock file says.

use std::fmt::Write as _;
use std::iter;

use course::root;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{builder, grouped, same};

#[derive(Deserialize)]
struct Loose {
    age: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    age: u8,
}

#[test]
fn what_three_parsers_make_of_a_form() {
    let mut table = String::from(
        "| The body | read as a `Value`, `[\"age\"]` is | as a struct | as a struct that denies unknown fields |\n|---|---|---|---|\n",
    );
    for body in [
        r#"{"age":30}"#,
        r#"{"age":30,"role":"admin"}"#,
        r#"{"age":15,"age":30}"#,
        r#"{"age":"30"}"#,
        r#"{"age":286}"#,
        r#"{"age":30.0}"#,
        r#"[30]"#,
    ] {
        let value =
            serde_json::from_str::<Value>(body).map_or_else(|error| error.to_string(), |it| it["age"].to_string());
        let loose = in_words(serde_json::from_str::<Loose>(body).map(|form| form.age));
        let strict = in_words(serde_json::from_str::<Strict>(body).map(|form| form.age));
        let _ = writeln!(table, "| `{body}` | `{value}` | {loose} | {strict} |");
    }
    same("ch07", "parsers.md", &table);
}

/// An age, or the parser's words without the place.
fn in_words(age: serde_json::Result<u8>) -> String {
    match age {
        Ok(age) => format!("`{age}`"),
        Err(error) => {
            let words = error.to_string();
            words.split(" at line ").next().unwrap_or_default().to_owned()
        }
    }
}

/// A signature that nobody knows, and a comparison that tells how many bytes it looked at: a clock that is never wrong.
struct Lock {
    signature: [u8; 32],
    stops_early: bool,
}

impl Lock {
    fn looks_at(&self, guess: &[u8; 32]) -> usize {
        let same = iter::zip(&self.signature, guess).take_while(|(right, guessed)| right == guessed).count();
        if self.stops_early { (same + 1).min(32) } else { 32 }
    }
}

/// Guesses one byte after the other: of 256, the one that took longest. Gives how often it tried, and how many bytes of
/// the signature it has in the end.
fn guess(lock: &Lock) -> (usize, usize) {
    let (mut guess, mut tries) = ([0; 32], 0);
    for place in 0..32 {
        let mut best = (0, 0);
        for byte in 0..=255 {
            guess[place] = byte;
            tries += 1;
            if guess == lock.signature {
                return (tries, 32);
            }
            best = best.max((lock.looks_at(&guess), u8::MAX - byte));
        }
        guess[place] = u8::MAX - best.1;
    }
    (tries, iter::zip(&lock.signature, &guess).take_while(|(right, guessed)| right == guessed).count())
}

#[test]
fn a_signature_is_guessed_byte_by_byte_or_not() {
    // The square roots of small primes: nothing up a sleeve.
    let signature: [u8; 32] = std::array::from_fn(|place| (f64::sqrt(place as f64 + 2.0).fract() * 256.0) as u8);
    let mut table = String::from("| The comparison | tries | bytes of 32 that the liar has |\n|---|---|---|\n");
    let mut row = |what: &str, stops_early: bool| {
        let (tries, bytes) = guess(&Lock { signature, stops_early });
        let _ = writeln!(table, "| {what} | {} | {bytes} |", grouped(tries as u64));
        bytes
    };
    let early = row("ends at the first byte that differs, as `==` does", true);
    let whole = row("looks at all bytes, as `hmac::verify` does", false);
    assert!(early == 32 && whole == 0, "{table}");
    same("ch07", "guess.md", &table);
}

#[test]
fn one_process_mixes_its_tenants() {
    let prices = json!({ "photo": { "10x15": 25 }, "photo-a": { "10x15": 32 } });
    let counter = builder("ch07_counter", "counter").env("PRICES", prices.to_string()).start();
    let mut text = String::new();
    for (tenant, wish) in [
        ("photo", json!({ "do": "price", "size": "10x15", "copies": 1 })),
        ("photo-a", json!({ "do": "price", "size": "10x15", "copies": 1 })),
        ("photo", json!({ "do": "save", "album": "a-b", "text": "a wedding" })),
        ("photo-a", json!({ "do": "open", "album": "b" })),
    ] {
        let outcome = counter.request().tenant(tenant).invoke(wish.clone());
        let answer = String::from_utf8_lossy(&outcome.payload()).into_owned();
        let _ = writeln!(text, "{tenant:<8} asks  {wish}\n         gets  {answer}");
        for line in outcome.function_log() {
            // Whose label it is, and not the whole event behind it.
            let label = line.split(" {").next().unwrap_or_default();
            let rest = if label == line { "" } else { " { …" };
            let _ = writeln!(text, "         log   {label}{rest}");
        }
    }
    assert!(text.contains("a wedding"), "{text}");
    same("ch07", "tenants.txt", &text);
}

#[test]
fn a_lock_file_is_judged_package_by_package() {
    const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
    let list = root().join("exercises/fixtures/advisories/rustsec.json");
    let scanner = builder("ch07_advisories", "scanner").env("ADVISORIES", list.to_string_lossy()).start();
    let mut table = String::from("| Locked | from | verdict | because of |\n|---|---|---|---|\n");
    for (name, version, source) in [
        ("tokio", "1.6.9", Some(CRATES_IO)),
        ("tokio", "1.18.3", Some(CRATES_IO)),
        ("tokio", "1.18.4", Some(CRATES_IO)),
        ("tokio", "1.19.0", Some(CRATES_IO)),
        ("tokio", "1.24.0-rc.1", Some(CRATES_IO)),
        ("backoff", "0.4.0", Some(CRATES_IO)),
        ("ring", "0.17.14", Some("git+https://code.example/ring#5a5a5a5a")),
        ("backoff", "0.1.0", None),
    ] {
        let source_line = source.map(|source| format!("source = \"{source}\"\n")).unwrap_or_default();
        let lockfile = format!("version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source_line}");
        let report = scanner.invoke(json!({ "lockfile": lockfile })).expect_response();
        let from = match source {
            Some(CRATES_IO) => "crates.io",
            Some(_) => "git",
            None => "the shop itself",
        };
        let advisory = report["findings"][0]["advisory"].as_str().unwrap_or_default();
        let _ = writeln!(
            table,
            "| `{name} {version}` | {from} | {} | {advisory} |",
            report["verdict"].as_str().unwrap_or_default()
        );
    }
    same("ch07", "advisories.md", &table);
}

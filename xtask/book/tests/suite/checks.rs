//! Checks from the page: events to every tab, one at a time, cancelled and capped, and what else a page may ask for.

use std::process::Command;
use std::time::Duration;

use crate::fixture::Fixture;
use crate::tool::{GREETER, book_with_tool, calls, serve, serve_with, set_check};

const STARTED: &str = r#"echo '{"version":1,"event":"started"}'; "#;
const DONE: &str = r#"echo '{"version":1,"event":"done","exit":0}'"#;

/// A check that begins and then waits until the test writes to `go`.
fn waiting_check() -> Fixture {
    let book = book_with_tool("");
    assert!(Command::new("mkfifo").arg(book.path("go")).status().expect("mkfifo runs").success());
    set_check(&book, &format!("{STARTED} cat go > /dev/null; {DONE}"));
    book
}

#[test]
fn every_page_hears_the_events_of_a_check_and_a_reload_hears_them_again() {
    let book = waiting_check();
    let server = serve(&book);
    let mut tabs = [server.all_events(), server.all_events()];
    assert_eq!(server.post(&format!("/-/api/check/{GREETER}")).status, 202);
    for tab in &mut tabs {
        tab.until("queue", r#""running":"ch01-first/01-greeter""#);
        tab.until("line", r#"{"id":1,"line":{"event":"started","version":1}}"#);
    }
    let mut reloaded = server.all_events();
    reloaded.until("run", GREETER);
    reloaded.until("line", "started");
    std::fs::write(book.path("go"), "go").expect("the check reads it");
    for tab in tabs.iter_mut().chain([&mut reloaded]) {
        tab.until("line", r#""event":"done""#);
        let end = tab.until("end", GREETER);
        assert!(end.contains(r#""how":"done""#) && end.contains(r#""code":0"#), "{end}");
    }
    server.all_events().until("end", GREETER);
    assert_eq!(calls(&book), ["check|ch01-first/01-greeter|--format|jsonl|"]);
}

#[test]
fn a_page_without_the_token_hears_of_builds_only() {
    let book = book_with_tool(&format!("{STARTED} {DONE}"));
    let server = serve(&book);
    let mut outside = server.events();
    assert_eq!(outside.next().0, "built");
    server.post(&format!("/-/api/check/{GREETER}"));
    server.all_events().until("end", GREETER);
    book.append("src/en/README.md", "\nMore.\n");
    assert_eq!(outside.next().0, "built", "and nothing of the check before it");
}

#[test]
fn a_chapter_is_one_check() {
    let book = book_with_tool(&format!("{STARTED} {DONE}"));
    let server = serve(&book);
    assert_eq!(server.post("/-/api/check/ch01-first").status, 202);
    server.all_events().until("end", r#""target":"ch01-first""#);
    assert_eq!(calls(&book), ["check|ch01-first|--format|jsonl|"]);
}

#[test]
fn one_check_runs_at_a_time_and_the_others_wait() {
    let book = waiting_check();
    let server = serve(&book);
    let mut tab = server.all_events();
    server.post(&format!("/-/api/check/{GREETER}"));
    tab.until("line", "started");
    assert!(server.post(&format!("/-/api/check/{GREETER}")).body.contains("already"));
    assert!(server.post("/-/api/check/ch01-first/02-other").body.contains("queued"));
    tab.until("queue", r#""waiting":["ch01-first/02-other"]"#);
    assert_eq!(calls(&book).len(), 1, "the second has not begun");
    assert!(server.post("/-/api/cancel/ch01-first/02-other").body.contains("true"));
    tab.until("queue", r#""waiting":[]"#);
    std::fs::write(book.path("go"), "go").expect("the check reads it");
    tab.until("end", GREETER);
    assert_eq!(calls(&book).len(), 1, "the second never began");
}

#[test]
fn cancel_ends_the_whole_process_group() {
    let book = book_with_tool(&format!("sleep 1000 & echo $! > child; {STARTED} wait"));
    let server = serve(&book);
    let mut tab = server.all_events();
    server.post(&format!("/-/api/check/{GREETER}"));
    tab.until("line", "started");
    let child = book.read("child");
    assert!(server.post(&format!("/-/api/cancel/{GREETER}")).body.contains("true"));
    let end = tab.until("end", GREETER);
    assert!(end.contains(r#""how":"cancelled""#), "{end}");
    assert!(is_gone(child.trim()), "the check's own child");
    assert!(server.post(&format!("/-/api/cancel/{GREETER}")).body.contains("false"), "nothing runs any more");
}

#[test]
fn a_check_that_does_not_hear_is_killed() {
    let book = book_with_tool(&format!("trap '' TERM; {STARTED} while :; do sleep 1; done"));
    let server = serve(&book);
    let mut tab = server.all_events();
    server.post(&format!("/-/api/check/{GREETER}"));
    tab.until("line", "started");
    server.post(&format!("/-/api/cancel/{GREETER}"));
    assert!(tab.until("end", GREETER).contains(r#""how":"cancelled""#));
}

#[test]
fn an_interrupt_ends_a_running_check() {
    let book = book_with_tool(&format!("sleep 1000 & echo $! > child; {STARTED} wait"));
    let server = serve(&book);
    let mut tab = server.all_events();
    server.post(&format!("/-/api/check/{GREETER}"));
    tab.until("line", "started");
    let child = book.read("child");
    assert_eq!(server.interrupt(), Some(0));
    assert!(is_gone(child.trim()));
}

#[test]
fn a_check_that_takes_too_long_is_ended() {
    let book = book_with_tool(&format!("{STARTED} sleep 1000"));
    let server = serve_with(&book, &["--check-limit", "0"], &[]);
    server.post(&format!("/-/api/check/{GREETER}"));
    assert!(server.all_events().until("end", GREETER).contains(r#""how":"late""#));
}

#[test]
fn a_flood_is_ended_and_not_kept() {
    let flood = "x=$(printf %01000d 0); yes \"{\\\"event\\\":\\\"notice\\\",\\\"words\\\":\\\"$x\\\"}\"";
    let book = book_with_tool(flood);
    let server = serve(&book);
    server.post(&format!("/-/api/check/{GREETER}"));
    assert!(server.all_events().until("end", GREETER).contains(r#""how":"flood""#));
    set_check(&book, "head -c 9000000 /dev/zero | tr '\\0' x; sleep 1000");
    let mut tab = server.all_events();
    tab.until("end", "flood");
    server.post(&format!("/-/api/check/{GREETER}"));
    assert!(tab.until("end", GREETER).contains(r#""how":"flood""#), "in one line, too");
}

#[test]
fn a_check_that_dies_and_one_that_cannot_start_are_told_apart() {
    let book = book_with_tool("echo 'error: no space left on device' >&2; kill -9 $$");
    let server = serve(&book);
    let mut tab = server.all_events();
    server.post(&format!("/-/api/check/{GREETER}"));
    let end = tab.until("end", GREETER);
    assert!(end.contains(r#""how":"died""#) && end.contains("no space left on device"), "{end}");
    book.remove("tool");
    server.post(&format!("/-/api/check/{GREETER}"));
    let end = tab.until("end", GREETER);
    assert!(end.contains(r#""how":"not-started""#) && end.contains("failed to run"), "{end}");
}

#[test]
fn what_is_no_event_is_not_passed_on() {
    let book = book_with_tool(&format!("echo '<script>alert(1)</script>'; echo '[1]'; {DONE}"));
    let server = serve(&book);
    // Listening before the check begins: a tab that comes later is told what was said as a whole.
    let mut tab = server.all_events();
    tab.until("progress", "");
    server.post(&format!("/-/api/check/{GREETER}"));
    assert_eq!(tab.until("line", ""), r#"{"id":1,"line":{"event":"done","exit":0,"version":1}}"#);
}

#[test]
fn states_are_told_when_they_change_on_the_disk() {
    let book = book_with_tool("");
    let server = serve(&book);
    let mut tab = server.all_events();
    tab.until("progress", "not-started");
    book.write("state", "passed");
    tab.until("progress", r#""state":"passed""#);
    book.write("list.json", "not JSON");
    book.append("code/main.rs", "\n");
    assert!(tab.until("trouble", "").contains("not JSON"));
}

#[test]
fn each_wish_has_fixed_arguments() {
    let book = book_with_tool("");
    let server = serve(&book);
    let answer = server.post(&format!("/-/api/solution/{GREETER}"));
    assert_eq!((answer.status, answer.body.trim()), (200, r#"{"said":"solution"}"#));
    server.post(&format!("/-/api/give-up/{GREETER}"));
    server.post(&format!("/-/api/reset/{GREETER}"));
    server.post(&format!("/-/api/undo/{GREETER}"));
    let refused = server.post(&format!("/-/api/hint/{GREETER}"));
    assert_eq!((refused.status, refused.body.trim()), (500, r#"{"error":"the page has no hints"}"#));
    server.post(&format!("/-/api/hint/{GREETER}?number=2"));
    assert_eq!(server.post(&format!("/-/api/hint/{GREETER}?number=--help")).status, 400);
    let expected = [
        "solution|ch01-first/01-greeter|--format|json|",
        "solution|ch01-first/01-greeter|--give-up|--format|json|",
        "reset|ch01-first/01-greeter|--format|json|",
        "reset|ch01-first/01-greeter|--undo|--format|json|",
        "hint|ch01-first/01-greeter|--format|json|",
        "hint|ch01-first/01-greeter|2|--format|json|",
    ];
    assert_eq!(calls(&book), expected);
}

#[test]
fn progress_goes_out_and_comes_in() {
    let book = book_with_tool("");
    let server = serve(&book);
    let bearer = format!("Bearer {}", server.token);
    let host = format!("127.0.0.1:{}", server.port);
    let out = server.ask("GET", "/-/api/export", &[("Host", &host), ("Authorization", &bearer)]);
    assert_eq!((out.status, out.body.as_str()), (200, "version 1\n"));
    let facts = "version 1\nch01-first/01-greeter passed 2026-11-24T00:00:00.000Z 1 2\n";
    let answer = server.post_with("/-/api/import", &[("Authorization", &bearer)], facts);
    assert_eq!((answer.status, answer.body.trim()), (200, r#"{"words":"2 facts imported"}"#));
    assert_eq!(book.read("imported"), facts);
}

#[test]
fn the_editor_gets_the_exercises_file_and_a_line_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt as _;

    let book = book_with_tool("");
    book.write("bin/code", "#!/bin/sh\nprintf '%s\\n' \"$@\" > opened.new\nmv opened.new opened\n");
    std::fs::set_permissions(book.path("bin/code"), std::fs::Permissions::from_mode(0o755)).expect("a program");
    let path = format!("{}:/usr/bin:/bin", book.path("bin").display());
    let quiet = [("VISUAL", "vim -c 'q'"), ("EDITOR", "nano"), ("TERM_PROGRAM", ""), ("ZED_TERM", "")];
    let server = serve_with(&book, &[], &[&[("PATH", path.as_str())], &quiet[..]].concat());
    let file = book.path("code/main.rs").display().to_string();
    // Each call starts a process of its own, so the second waits for what the first did.
    let is_opened = |place: &str| {
        let until = std::time::Instant::now() + Duration::from_secs(30);
        while std::fs::read_to_string(book.path("opened")).unwrap_or_default().lines().last() != Some(place) {
            assert!(std::time::Instant::now() < until, "{:?}", std::fs::read_to_string(book.path("opened")));
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let answer = server.post(&format!("/-/api/open/{GREETER}?line=3;touch%20x"));
    assert_eq!((answer.status, answer.body.trim()), (200, r#"{"words":"opened code/main.rs in VS Code"}"#));
    is_opened(&file);
    let answer = server.post(&format!("/-/api/open/{GREETER}?line=3"));
    assert_eq!(answer.body.trim(), r#"{"words":"opened code/main.rs, line 3 in VS Code"}"#);
    is_opened(&format!("{file}:3"));
    let gone = server.post("/-/api/open/ch01-first/02-other");
    assert!(gone.status == 409 && gone.body.contains("there is no code/gone.rs"), "{}", gone.body);

    let server = serve_with(&book, &[], &[&[("PATH", "/usr/bin:/bin")], &quiet[..]].concat());
    let none = server.post(&format!("/-/api/open/{GREETER}"));
    assert!(none.status == 409 && none.body.contains("open it yourself: vim code/main.rs"), "{}", none.body);
}

/// Whether the process has ended; one that waits to be reaped has.
fn is_gone(id: &str) -> bool {
    let until = std::time::Instant::now() + Duration::from_secs(5);
    while std::time::Instant::now() < until {
        let state = Command::new("ps").args(["-o", "stat=", "-p", id]).output().expect("ps runs").stdout;
        if state.is_empty() || state.starts_with(b"Z") {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

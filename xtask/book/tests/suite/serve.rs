//! `book serve`: pages, live reload, errors on the page, opening and stopping.

use std::time::{Duration, Instant};

use crate::fixture::Fixture;
use crate::server::Server;

#[test]
fn serves_pages_and_files_with_their_types() {
    let book = Fixture::new();
    let server = Server::start(&book);
    for (target, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/ch01-first/?from=here", "text/html; charset=utf-8"),
        ("/ch01-first/01-greeter.html", "text/html; charset=utf-8"),
        ("/images/map%2Esvg", "image/svg+xml"),
        ("/-/live/main.js", "text/javascript; charset=utf-8"),
        ("/-/live/live.css", "text/css; charset=utf-8"),
    ] {
        let answer = server.get(target);
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{target}");
        assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()), "{target}");
    }
    assert!(server.get("/ch01-first/").body.contains("你好"));
    let folder = server.get("/ch01-first");
    assert_eq!((folder.status, folder.header("location")), (308, Some("/ch01-first/")));
    let gone = server.get("/gone.html");
    assert_eq!(gone.status, 404);
    assert!(gone.body.contains("not found"), "mdBook's own page for it");
    let host = format!("127.0.0.1:{}", server.port);
    let head = server.ask("HEAD", "/", &[("Host", &host)]);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn only_its_own_scripts_run_and_the_page_gets_the_live_one() {
    let book = Fixture::new();
    let server = Server::start(&book);
    let page = server.get("/");
    let policy = page.header("content-security-policy").expect("a policy");
    let scripts = policy.split(';').find(|rule| rule.trim().starts_with("script-src")).expect("a rule for scripts");
    assert!(!scripts.contains("unsafe"), "{scripts}");
    assert_eq!(scripts.matches("'sha256-").count(), page.body.matches("<script>").count(), "{scripts}");
    assert!(page.body.trim_end().ends_with("</script></body>\n</html>"), "{}", page.body);
    assert!(page.body.contains("<script type=\"module\" src=\"/-/live/main.js\" data-build="));
    assert!(page.body.contains("<link rel=\"stylesheet\" href=\"/-/live/live.css\"></head>"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("access-control-allow-origin"), None);
}

#[test]
fn an_edit_reaches_an_open_page_within_a_second() {
    let book = Fixture::new();
    let server = Server::start(&book);
    let mut events = server.events();
    let first = events.next();
    assert_eq!(first.0, "built");
    assert!(server.get("/").body.contains(&format!("data-build=\"{}\"", first.1)));

    let edited = Instant::now();
    book.append("src/en/README.md", "\nA new sentence.\n");
    let second = events.next();
    let took = edited.elapsed();
    assert_eq!(second.0, "built");
    assert_ne!(second.1, first.1);
    assert!(server.get("/").body.contains("A new sentence."));
    // A second on a quiet machine; the rest is for a busy one.
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn notices_every_kind_of_source() {
    let book = Fixture::new();
    let server = Server::start(&book);
    let mut events = server.events();
    events.next();
    book.replace("code/main.rs", "hello", "good day");
    assert_eq!(events.next().0, "built", "an included file");
    assert!(server.get("/ch01-first/01-greeter.html").body.contains("good day"));
    book.append("theme/small.css", "p { margin: 0; }\n");
    assert_eq!(events.next().0, "built", "a style sheet");
    book.replace("book.toml", "A small book", "A renamed book");
    assert_eq!(events.next().0, "built", "the settings");
    assert!(server.get("/").body.contains("A renamed book"));
    book.write("src/en/images/new.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    assert_eq!(events.next().0, "built", "a new file");
    assert_eq!(server.get("/images/new.svg").status, 200);
    book.remove("src/en/images/new.svg");
    assert_eq!(events.next().0, "built", "a removed file");
    assert_eq!(server.get("/images/new.svg").status, 404);
}

#[test]
fn an_error_is_shown_and_the_last_good_book_stays() {
    let book = Fixture::new();
    let server = Server::start(&book);
    let mut events = server.events();
    events.next();
    let summary = book.read("src/en/SUMMARY.md");
    book.append("src/en/SUMMARY.md", "  - [Second](ch01-first/02-<b>.md)\n");
    let (name, words) = events.next();
    assert_eq!(name, "broken");
    assert!(words.starts_with("src/en/SUMMARY.md:7: there is no page "), "{words}");
    assert_eq!(server.get("/ch01-first/").status, 200, "the last good book");
    server.says("the book could not be built");

    let (name, again) = server.events().next();
    assert_eq!((name.as_str(), again), ("broken", words), "a page that is opened later is told as well");

    book.write("src/en/SUMMARY.md", &summary);
    assert_eq!(events.next().0, "built");
}

#[test]
fn a_book_that_never_was_good_is_a_page_with_the_reason() {
    let book = Fixture::new();
    let toml = book.read("book.toml");
    book.write("book.toml", "[book]\ntitle = <b>\n");
    let server = Server::start(&book);
    let page = server.get("/any/page.html");
    assert_eq!(page.status, 503);
    assert!(page.body.contains("book.toml:2: "), "{}", page.body);
    assert!(page.body.contains("&lt;b&gt;") && !page.body.contains("<b>"), "{}", page.body);
    let mut events = server.events();
    assert_eq!(events.next().0, "broken");
    book.write("book.toml", &toml);
    assert_eq!(events.next().0, "built");
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn findings_are_said_and_the_book_is_served_all_the_same() {
    let book = Fixture::new();
    let server = Server::start(&book);
    book.append("src/en/README.md", "\n[x](gone.md)\n");
    server.says("src/en/README.md:7: \"gone.md\" leads nowhere");
    server.says("built 3 pages, 1 finding");
    assert!(server.get("/").body.contains("gone.html"));
}

#[test]
fn a_taken_port_is_said_when_it_was_asked_for() {
    let book = Fixture::new();
    let server = Server::start(&book);
    let port = server.port.to_string();
    let ran = book.book(&["serve", "--no-open", "--port", &port]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let words = format!("error: port {port} is taken: name another with --port, or none for a free one\n");
    assert_eq!(ran.stderr, words);
}

#[test]
fn takes_a_free_port_unasked_while_another_book_is_served() {
    let (one, two) = (Fixture::new(), Fixture::new());
    let (one, two) = (Server::start_with(&one, &["--no-open"], &[]), Server::start_with(&two, &["--no-open"], &[]));
    assert_ne!(one.port, two.port);
    assert_eq!((one.get("/").status, two.get("/").status), (200, 200));
}

#[cfg(unix)]
#[test]
fn opens_the_readers_browser() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::mpsc::channel;

    let book = Fixture::new();
    let opened = book.path("opened");
    assert!(std::process::Command::new("mkfifo").arg(&opened).status().expect("mkfifo runs").success());
    book.write("browser", "#!/bin/sh\necho \"$1\" > opened\n");
    std::fs::set_permissions(book.path("browser"), std::fs::Permissions::from_mode(0o755)).expect("a program");
    let server = Server::start_with(&book, &["--port", "0"], &[("BROWSER", "./browser")]);
    // Reading a pipe waits for the writer; a browser that never comes must not hold the test up.
    let (sender, url) = channel();
    std::thread::spawn(move || sender.send(std::fs::read_to_string(opened)));
    let url = url.recv_timeout(Duration::from_secs(10)).expect("an opened browser").expect("text");
    assert_eq!(url, format!("http://127.0.0.1:{}/\n", server.port));
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_it_and_leaves_nothing_behind() {
    let book = Fixture::new();
    let tmp = book.path("tmp");
    std::fs::create_dir(&tmp).expect("a folder");
    let before = book.read("src/en/README.md");
    let server =
        Server::start_with(&book, &["--port", "0", "--no-open"], &[("TMPDIR", tmp.to_str().expect("a path of text"))]);
    let _open_page = server.events().next();
    assert_eq!(std::fs::read_dir(&tmp).expect("a folder").count(), 1, "the served book");
    assert_eq!(server.interrupt(), Some(0));
    assert_eq!(std::fs::read_dir(&tmp).expect("a folder").count(), 0);
    assert!(!book.path("target").exists());
    assert_eq!(book.read("src/en/README.md"), before);
}

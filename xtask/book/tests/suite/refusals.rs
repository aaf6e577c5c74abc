//! What the server refuses: other names, other sites, other files, and what is no request at all.

use crate::fixture::Fixture;
use crate::server::Server;

#[test]
fn answers_only_to_its_own_names() {
    let book = Fixture::new();
    let server = Server::start(&book);
    let own = [format!("127.0.0.1:{}", server.port), format!("localhost:{}", server.port)];
    for host in &own {
        assert_eq!(server.ask("GET", "/", &[("Host", host)]).status, 200, "{host}");
    }
    let strangers = [
        format!("evil.example:{}", server.port),
        format!("127.0.0.1.evil.example:{}", server.port),
        "127.0.0.1:1".to_owned(),
        "localhost".to_owned(),
        String::new(),
    ];
    for host in &strangers {
        for target in ["/", "/-/events", "/-/live/main.js"] {
            assert_eq!(server.ask("GET", target, &[("Host", host)]).status, 421, "{host} {target}");
        }
    }
    assert_eq!(server.ask("GET", "/", &[]).status, 400);
    assert_eq!(server.ask("GET", "/", &[("Host", &own[0]), ("Host", "evil.example")]).status, 400);
}

#[test]
fn refuses_requests_that_other_sites_pages_make() {
    let book = Fixture::new();
    let server = Server::start(&book);
    let host = format!("127.0.0.1:{}", server.port);
    let status =
        |headers: &[(&str, &str)]| server.ask("GET", "/", &[&[("Host", host.as_str())], headers].concat()).status;
    assert_eq!(status(&[("Origin", &format!("http://{host}"))]), 200);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", &format!("https://{host}"), ""] {
        assert_eq!(status(&[("Origin", origin)]), 403, "{origin}");
    }
    assert_eq!(status(&[("Origin", &format!("http://localhost:{}", server.port))]), 403, "another of our names");
    for site in ["cross-site", "same-site"] {
        assert_eq!(status(&[("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors")]), 403, "{site}");
        assert_eq!(
            status(&[("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")]),
            403,
            "{site}"
        );
        assert_eq!(
            status(&[("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]),
            200,
            "a link from {site} leads here"
        );
    }
    assert_eq!(status(&[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")]), 200);
}

#[test]
fn serves_no_file_but_the_books() {
    let book = Fixture::new();
    book.write("secret.txt", "s3cret\n");
    let server = Server::start(&book);
    for target in [
        "/../secret.txt",
        "/../../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/ch01-first/../../secret.txt",
        "/..%5csecret.txt",
        "//etc/passwd",
        "/etc/passwd",
        "/%00",
        "/book.toml",
        "/src/en/README.md",
        "/ch01-first/../index.html",
        "/-/",
        "/.nojekyll",
    ] {
        let answer = server.get(target);
        assert_eq!(answer.status, 404, "{target}");
        assert!(!answer.body.contains("s3cret") && !answer.body.contains("root:"), "{target}");
    }
    assert_eq!(server.get("http://evil.example/").status, 404);
}

#[test]
fn refuses_to_be_written_to() {
    let book = Fixture::new();
    let server = Server::start(&book);
    let host = format!("127.0.0.1:{}", server.port);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE"] {
        let answer = server.ask(method, "/", &[("Host", &host)]);
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method}");
        assert_eq!(answer.header("access-control-allow-methods"), None, "{method}");
    }
    assert_eq!(server.ask("POST", "/-/events", &[("Host", &host)]).status, 405);
}

#[test]
fn survives_what_is_no_request() {
    let book = Fixture::new();
    let server = Server::start(&book);
    assert_eq!(server.send("what is this?\r\n\r\n").status, 400);
    assert_eq!(server.send("GET / HTTP/1.1\r\nHost: \u{7f}\r\n\r\n").status, 400);
    let many: String = (0..100).map(|n| format!("X-{n}: y\r\n")).collect();
    assert_eq!(server.send(&format!("GET / HTTP/1.1\r\n{many}\r\n")).status, 400);
    let long = "x".repeat(16 * 1024);
    assert_eq!(server.send(&format!("GET /{long}")).status, 400);
    assert_eq!(server.get("/").status, 200);
}

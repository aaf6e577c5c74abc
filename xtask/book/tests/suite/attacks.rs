//! Every way that we know to make the server do something for somebody else, each refused. DNS rebinding is tried in a
//! real browser too (`.ci/browser/attacks.test.js`).

use crate::fixture::Fixture;
use crate::server::{Answer, Server};
use crate::tool::{GREETER, book_with_tool, calls, serve};

/// Requests that would do something or tell something, if they were let.
const WISHES: [(&str, &str); 6] = [
    ("POST", "/-/api/check/ch01-first/01-greeter"),
    ("POST", "/-/api/reset/ch01-first/01-greeter"),
    ("POST", "/-/api/open/ch01-first/01-greeter"),
    ("POST", "/-/api/import"),
    ("GET", "/-/api/events"),
    ("GET", "/-/api/export"),
];

struct Target {
    book: Fixture,
    server: Server,
    host: String,
    origin: String,
    bearer: String,
}

impl Target {
    fn new() -> Target {
        let book = book_with_tool("echo checked > proof");
        let server = serve(&book);
        let host = format!("127.0.0.1:{}", server.port);
        Target { origin: format!("http://{host}"), bearer: format!("Bearer {}", server.token), host, book, server }
    }

    #[track_caller]
    fn refuses(&self, status: u16, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let answer = self.server.ask(method, target, headers);
        assert_eq!(answer.status, status, "{method} {target} {headers:?}: {}", answer.body);
        assert!(!answer.head.to_lowercase().contains("access-control-allow"), "{}", answer.head);
        answer
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(calls(&self.book), [""; 0], "something was done");
        }
    }
}

#[test]
fn dns_rebinding_another_name_for_this_machine() {
    let target = Target::new();
    let evil = format!("evil.example:{}", target.server.port);
    let origin = format!("http://{evil}");
    for (method, wish) in WISHES {
        target.refuses(421, method, wish, &[("Host", &evil), ("Origin", &origin), ("Authorization", &target.bearer)]);
    }
}

#[test]
fn another_site_or_another_port_posts_to_us() {
    let target = Target::new();
    let own = [("Host", target.host.as_str()), ("Authorization", target.bearer.as_str())];
    for (method, wish) in WISHES {
        for origin in ["http://evil.example", "http://127.0.0.1:9000", "http://localhost:3000", "null", "file://"] {
            target.refuses(403, method, wish, &[&own[..], &[("Origin", origin)]].concat());
        }
        for site in ["cross-site", "same-site", "none"] {
            target.refuses(
                403,
                method,
                wish,
                &[&own[..], &[("Origin", &target.origin), ("Sec-Fetch-Site", site)]].concat(),
            );
        }
    }
    // Without an origin: a form of an old browser, or no browser at all.
    for (method, wish) in WISHES.into_iter().filter(|(method, _)| *method == "POST") {
        target.refuses(403, method, wish, &own);
        target.refuses(
            403,
            method,
            wish,
            &[&own[..], &[("Origin", &target.origin), ("Origin", &target.origin)]].concat(),
        );
    }
}

#[test]
fn a_simple_request_without_preflight_is_not_enough() {
    let target = Target::new();
    for (method, wish) in WISHES {
        let wrong = if method == "POST" { "GET" } else { "POST" };
        target.refuses(
            405,
            wrong,
            wish,
            &[("Host", &target.host), ("Origin", &target.origin), ("Authorization", &target.bearer)],
        );
    }
}

#[test]
fn a_preflight_is_never_granted() {
    let target = Target::new();
    for (_, wish) in WISHES {
        let asks = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization")];
        target.refuses(405, "OPTIONS", wish, &[&[("Host", target.host.as_str())], &asks[..]].concat());
        let foreign = [("Origin", "http://evil.example"), ("Access-Control-Request-Private-Network", "true")];
        target.refuses(403, "OPTIONS", wish, &[&[("Host", target.host.as_str())], &asks[..], &foreign[..]].concat());
    }
}

#[test]
fn reading_across_origins() {
    let target = Target::new();
    let own = [("Host", target.host.as_str()), ("Authorization", target.bearer.as_str())];
    for path in ["/", "/-/live/main.js", "/-/api/export", "/gone"] {
        let answer = target.server.ask("GET", path, if path == "/-/api/export" { &own[..0] } else { &own });
        if path != "/-/api/export" {
            assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[test]
fn framing() {
    let target = Target::new();
    let own = [("Host", target.host.as_str())];
    for path in ["/", "/ch01-first/01-greeter.html", "/-/live/main.js", "/gone"] {
        let answer = target.server.ask("GET", path, &own);
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
    let contents = target.server.ask("GET", "/toc.html", &own);
    let policy = contents.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains("frame-ancestors 'self'"),
        "mdBook frames its contents where there is no JavaScript: {policy}"
    );
}

#[test]
fn local_users_and_other_programs_have_no_token() {
    let target = Target::new();
    let token = target.server.token.clone();
    let wrong: [&[(&str, &str)]; 9] = [
        &[],
        &[("Authorization", "Bearer ")],
        &[("Authorization", "Bearer 00000000000000000000000000000000")],
        &[("Authorization", &format!("Bearer {}", &token[..31]))],
        &[("Authorization", &format!("Bearer {token}0"))],
        &[("Authorization", &format!("Basic {token}"))],
        &[("Authorization", &format!("bearer {token}"))],
        &[("Authorization", "Bearer 1"), ("Authorization", &target.bearer)],
        &[("Cookie", &format!("token={token}"))],
    ];
    for (method, wish) in WISHES {
        for headers in wrong {
            let own = [("Host", target.host.as_str()), ("Origin", target.origin.as_str())];
            let answer = target.refuses(401, method, wish, &[&own[..], headers].concat());
            assert!(!answer.body.contains(&token) && answer.body.contains("cargo xtask serve"), "{}", answer.body);
        }
        let with_query = format!("{wish}?token={token}");
        target.refuses(401, method, &with_query, &[("Host", &target.host), ("Origin", &target.origin)]);
    }
    for path in ["/", "/ch01-first/", "/-/live/token.js", "/toc.html"] {
        assert!(!target.server.get(path).body.contains(&token), "{path} tells the token");
    }
}

#[test]
fn the_browsers_command_line_has_a_ticket_that_is_good_once() {
    use std::os::unix::fs::PermissionsExt as _;

    let book = book_with_tool("");
    let opened = book.path("opened");
    assert!(std::process::Command::new("mkfifo").arg(&opened).status().expect("mkfifo runs").success());
    book.write("browser", "#!/bin/sh\necho \"$1\" > opened\n");
    std::fs::set_permissions(book.path("browser"), std::fs::Permissions::from_mode(0o755)).expect("a program");
    let server = Server::start_with(&book, &["--port", "0", "--xtask", "./tool"], &[("BROWSER", "./browser")]);
    let url = std::fs::read_to_string(opened).expect("the address");
    assert!(!url.contains(&server.token), "every user of the machine can read it: {url}");
    let ticket = url.trim().split("#ticket=").nth(1).expect("a ticket").to_owned();
    let redeem = |ticket: &str| server.post_with("/-/api/token", &[("Authorization", &format!("Bearer {ticket}"))], "");
    assert_eq!(redeem("00000000000000000000000000000000").status, 401);
    assert_eq!(redeem(&ticket).body.trim(), format!("{{\"token\":\"{}\"}}", server.token));
    assert_eq!(redeem(&ticket).status, 401, "a second time");
    let check =
        server.post_with(&format!("/-/api/check/{GREETER}"), &[("Authorization", &format!("Bearer {ticket}"))], "");
    assert_eq!(check.status, 401, "it is no token");
}

#[test]
fn names_that_are_no_exercise_of_the_catalogue() {
    let target = Target::new();
    for name in [
        "ch01;rm",
        "../ch01",
        "ch01-first/../ch01-first/01-greeter",
        "%2e%2e/ch01",
        "..%2fch01",
        "--all",
        "--help",
        "ch01-first%2F01-greeter%00",
        "ch01-first/01-greeter/",
        "/ch01-first/01-greeter",
        "CH01-FIRST/01-GREETER",
        "$(touch%20x)",
        "`id`",
        "01-greeter",
        "ch01",
        "",
        "ch01-first%0a--all",
        "|id",
        "a%20b",
    ] {
        for verb in ["check", "cancel", "hint", "solution", "give-up", "reset", "undo", "open"] {
            let answer = target.server.post(&format!("/-/api/{verb}/{name}"));
            assert!(matches!(answer.status, 400 | 404), "{verb} {name}: {} {}", answer.status, answer.body);
        }
    }
    for verb in ["hint", "solution", "give-up", "reset", "undo", "open"] {
        assert_eq!(target.server.post(&format!("/-/api/{verb}/ch01-first")).status, 404, "{verb} of a whole chapter");
    }
    for wish in ["run/ch01-first/01-greeter", "check", "update/ch01-first/01-greeter", "", "../events"] {
        assert_eq!(target.server.post(&format!("/-/api/{wish}")).status, 404, "{wish}");
    }
}

#[test]
fn files_that_are_not_the_books() {
    let target = Target::new();
    for path in [
        "/-/live/../../tool",
        "/-/live/%2e%2e/tool",
        "/-/live/",
        "/-/live/secret",
        "/list.json",
        "/calls",
        "/.progress/progress.txt",
    ] {
        target.refuses(404, "GET", path, &[("Host", &target.host)]);
    }
}

#[test]
fn what_a_check_says_is_never_markup() {
    let book =
        book_with_tool("echo '{\"event\":\"done\",\"exit\":0,\"words\":\"</script><img src=x onerror=alert(1)>\"}'");
    let server = serve(&book);
    server.post(&format!("/-/api/check/{GREETER}"));
    server.all_events().until("line", "onerror");
    let host = format!("127.0.0.1:{}", server.port);
    let bearer = format!("Bearer {}", server.token);
    let out = server.ask("GET", "/-/api/export", &[("Host", &host), ("Authorization", &bearer)]);
    assert_eq!(out.header("content-type"), Some("text/plain; charset=utf-8"));
    let answer = server.post(&format!("/-/api/solution/{GREETER}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    for answer in [out, answer] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("script-src 'self';"), "no inline script at all: {policy}");
    }
    // None of our own scripts makes markup of text.
    for (name, script) in [
        ("exercise.js", include_str!("../../src/serve/page/exercise.js")),
        ("verdict.js", include_str!("../../src/serve/page/verdict.js")),
        ("compare.js", include_str!("../../src/serve/page/compare.js")),
        ("help.js", include_str!("../../src/serve/page/help.js")),
        ("progress.js", include_str!("../../src/serve/page/progress.js")),
        ("dom.js", include_str!("../../src/serve/page/dom.js")),
        ("reload.js", include_str!("../../src/serve/page/reload.js")),
    ] {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("] {
            assert!(!script.contains(way), "{name} has {way}");
        }
    }
}

#[test]
fn overload() {
    let book = book_with_tool("sleep 1000");
    let server = serve(&book);
    // One runs, one waits; the same again changes nothing.
    for _ in 0..30 {
        assert_eq!(server.post(&format!("/-/api/check/{GREETER}")).status, 202);
        assert_eq!(server.post("/-/api/check/ch01-first").status, 202);
    }
    server.all_events().until("queue", r#""running":"ch01-first/01-greeter","waiting":["ch01-first"]"#);
    let bearer = format!("Bearer {}", server.token);
    let large = "x".repeat(300 * 1024);
    assert_eq!(server.post_with("/-/api/import", &[("Authorization", &bearer)], &large).status, 413);
    let host = format!("127.0.0.1:{}", server.port);
    let head =
        format!("POST /-/api/import HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nAuthorization: {bearer}\r\n");
    assert_eq!(server.send(&format!("{head}\r\n")).status, 400, "no length");
    assert_eq!(server.send(&format!("{head}Content-Length: -1\r\n\r\n")).status, 400);
    assert_eq!(server.send(&format!("{head}Content-Length: 99999999999999999999999\r\n\r\n")).status, 400);
    assert_eq!(server.send(&format!("{head}Content-Length: 999999999999\r\n\r\n")).status, 413);
    assert_eq!(server.send(&format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx")).status, 400);
    assert_eq!(server.send(&format!("{head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx")).status, 400);
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn a_book_without_a_command_line_does_nothing() {
    let book = Fixture::new();
    let server = Server::start(&book);
    assert_eq!(server.token, "");
    for (method, wish) in WISHES {
        let host = format!("127.0.0.1:{}", server.port);
        let answer = server.ask(
            method,
            wish,
            &[("Host", &host), ("Origin", &format!("http://{host}")), ("Authorization", "Bearer ")],
        );
        assert_eq!(answer.status, 404, "{method} {wish}");
    }
}

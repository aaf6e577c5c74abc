//! What is added to a page while it is served, and never to the static book: the scripts and styles of `page/`.

/// Path, content type, content.
pub(super) const ASSETS: [(&str, &str, &str); 12] = [
    ("/-/live/main.js", SCRIPT, include_str!("page/main.js")),
    ("/-/live/reload.js", SCRIPT, include_str!("page/reload.js")),
    ("/-/live/token.js", SCRIPT, include_str!("page/token.js")),
    ("/-/live/server.js", SCRIPT, include_str!("page/server.js")),
    ("/-/live/state.js", SCRIPT, include_str!("page/state.js")),
    ("/-/live/dom.js", SCRIPT, include_str!("page/dom.js")),
    ("/-/live/exercise.js", SCRIPT, include_str!("page/exercise.js")),
    ("/-/live/verdict.js", SCRIPT, include_str!("page/verdict.js")),
    ("/-/live/compare.js", SCRIPT, include_str!("page/compare.js")),
    ("/-/live/help.js", SCRIPT, include_str!("page/help.js")),
    ("/-/live/progress.js", SCRIPT, include_str!("page/progress.js")),
    ("/-/live/live.css", "text/css; charset=utf-8", include_str!("page/live.css")),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The script that knows which build its page came from.
pub(super) fn script(build: &str) -> String {
    format!("<script type=\"module\" src=\"/-/live/main.js\" data-build=\"{build}\"></script>")
}

pub(super) fn add_live_parts(page: &mut Vec<u8>, build: &str) {
    insert_before(page, b"</body>", script(build).as_bytes());
    insert_before(page, b"</head>", b"<link rel=\"stylesheet\" href=\"/-/live/live.css\">");
}

/// Before the last such tag, or at the end.
fn insert_before(page: &mut Vec<u8>, tag: &[u8], what: &[u8]) {
    let at = page.windows(tag.len()).rposition(|window| window == tag).unwrap_or(page.len());
    page.splice(at..at, what.iter().copied());
}

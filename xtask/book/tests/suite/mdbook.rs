//! mdBook's own ways that the theme and the builder lean on. A failure here after an upgrade says what to look at.

use std::path::Path;

use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use sha2::{Digest as _, Sha256};

use crate::fixture::Fixture;

fn digest(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Files of mdBook's theme that ours replaces: what is new in them may be missing in ours.
#[test]
fn the_files_that_our_theme_replaces_are_those_of_mdbook_0_5_4() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    MDBook::init(dir.path()).copy_theme(true).with_config(Config::default()).build().expect("a new book");
    let known = include_str!("mdbook_theme.txt");
    let mut now = String::new();
    for name in known.lines().filter_map(|line| line.split_whitespace().nth(1)) {
        now.push_str(&format!("{} {name}\n", digest(&dir.path().join("theme").join(name))));
    }
    assert_eq!(now, known, "mdBook's own theme has changed: see whether theme/ needs what is new, then note the hash");
}

#[test]
fn pages_have_the_markup_that_the_theme_dresses() {
    let book = Fixture::new();
    book.append("src/en/ch01-first/README.md", "\n| a |\n|---|\n| b |\n\n```text,run\nx\n```\n\n[moved](#first)\n");
    assert_eq!(
        book.book(&["build", "--plain"]).code,
        Some(1),
        "a run that is none is a finding, and the page is there"
    );
    let page = book.read("target/book/en/ch01-first/index.html");
    assert!(page.contains("<h2 id=\"where-to-go\"><a class=\"header\" href=\"#where-to-go\">"), "{page}");
    assert!(page.contains("<div class=\"table-wrapper\">"), "{page}");
    assert!(page.contains("<code class=\"language-text run\">"), "{page}");
    let page = book.read("target/book/en/ch01-first/01-greeter.html");
    assert!(page.contains("<blockquote class=\"blockquote-tag blockquote-tag-note\">"), "{page}");
}

#[test]
fn the_index_of_the_text_is_where_our_search_looks() {
    let book = Fixture::new();
    assert_eq!(book.book(&["build", "--plain"]).code, Some(0));
    let dir = std::fs::read_dir(book.path("target/book/en")).expect("a book");
    let index = dir.flatten().find(|entry| entry.file_name().to_string_lossy().starts_with("searchindex-"));
    let text = std::fs::read_to_string(index.expect("an index with a hash in its name").path()).expect("text");
    assert!(text.starts_with("window.search = Object.assign(window.search, JSON.parse('{"), "{}", &text[..80]);
    for part in
        ["\"doc_urls\":[", "\"documentStore\":{", "\"docs\":{", "\"breadcrumbs\":\"", "\"body\":\"", "\"title\":\""]
    {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn a_plain_build_leads_from_a_readme_to_its_index() {
    let book = Fixture::new();
    book.replace("src/en/README.md", "ch01-first/index.md", "ch01-first/README.md");
    assert_eq!(book.book(&["build", "--plain"]).code, Some(0));
    assert!(book.read("target/book/en/index.html").contains("href=\"ch01-first/README.html\""));
    assert!(
        book.read("target/book/en/ch01-first/README.html").contains("url=index.html")
            || book.read("target/book/en/ch01-first/README.html").contains("URL=index.html")
    );
}

//! `book build`: the static book, each kind of finding, and what the command refuses.

use std::path::MAIN_SEPARATOR as SEP;

use crate::fixture::Fixture;

#[test]
fn builds_the_static_book_where_book_toml_says() {
    let book = Fixture::new();
    let ran = book.book(&["build"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stdout, format!("built 3 pages into {}, 0 findings\n", book.path("target/book/en").display()));
    // On a busy machine it says that it is at work.
    assert!(ran.stderr.lines().all(|line| line.starts_with("building the book, ")), "{ran:?}");
    let page = book.read("target/book/en/ch01-first/01-greeter.html");
    assert!(page.contains("println!("), "the include is there");
    assert!(!page.contains("/-/"), "nothing of the server's is in the static book");
}

#[test]
fn builds_elsewhere_from_anywhere_below_the_root() {
    let book = Fixture::new();
    let ran = book.book(&["build", "--root", "./", "--dest", "out"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(book.path("out/index.html").is_file());
    let again = book.book(&["build", "--dest", "out"]);
    assert_eq!(again.code, Some(0), "an earlier book may be replaced: {again:?}");
}

#[test]
fn reports_a_link_to_a_page_that_is_not_there() {
    let book = Fixture::new();
    book.replace("src/en/README.md", "ch01-first/index.md", "ch02-second/index.md");
    book.append("src/en/ch01-first/README.md", "\n<a href=\"gone.html\">gone</a>\n");
    book.finds(&[
        "src/en/README.md:3: \"ch02-second/index.md\" leads nowhere: there is no ch02-second/index.html in the book",
        "src/en/ch01-first/README.md:9: \"gone.html\" leads nowhere: there is no ch01-first/gone.html in the book",
    ]);
}

#[test]
fn a_link_to_a_readme_leads_to_the_index_that_it_becomes() {
    let book = Fixture::new();
    book.replace("src/en/README.md", "ch01-first/index.md", "ch01-first/README.md#where-to-go");
    let ran = book.book(&["build"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(book.read("target/book/en/index.html").contains("href=\"ch01-first/index.html#where-to-go\""));
    book.replace("src/en/README.md", "#where-to-go", "#nowhere");
    book.finds(&[
        "src/en/README.md:3: \"ch01-first/README.md#nowhere\" leads nowhere: ch01-first/index.html has nothing with the id \"nowhere\"",
    ]);
}

#[test]
fn reports_a_readme_that_links_would_miss_in_a_plain_build() {
    let book = Fixture::new();
    book.replace("book.toml", "\"/ch01-first/README.html\" = \"index.html\"\n", "");
    book.finds(&[
        "book.toml: links to src/en/ch01-first/README.md go wrong in a plain build: add \"/ch01-first/README.html\" = \"index.html\" to [output.html.redirect]",
    ]);
}

#[test]
fn reports_published_places_that_are_gone_unless_they_are_redirected() {
    let book = Fixture::new();
    book.write("src/anchors.txt", "# published\nch01-first/index.html#first\nch01-first/index.html#gone\nold.html#x\n");
    let gone =
        "was published and is gone: give the heading its id back, or say in book.toml's [output.html.redirect] where";
    book.finds(&[
        &format!("src/anchors.txt:3: ch01-first/index.html#gone {gone} \"/ch01-first/index.html#gone\" is now"),
        &format!("src/anchors.txt:4: old.html#x {gone} \"/old.html#x\" is now"),
    ]);
    book.append("book.toml", "\"/ch01-first/index.html#gone\" = \"01-greeter.html\"\n\"/old.html\" = \"index.html\"\n");
    assert_eq!(book.book(&["build"]).code, Some(0));
}

#[test]
fn the_lock_of_published_places_is_renewed_by_command() {
    let book = Fixture::new();
    book.write("src/anchors.txt", "# published\n");
    assert_eq!(book.book_with(&["build"], &[("COURSE_RENEW", "1")]).code, Some(0));
    let lock = book.read("src/anchors.txt");
    assert!(lock.starts_with("# published\n") && lock.contains("\nch01-first/index.html#where-to-go\n"), "{lock}");
}

#[test]
fn reports_quizzes_and_pictures_that_break_the_markup() {
    let book = Fixture::new();
    book.append(
        "src/en/README.md",
        "\n<form class=\"quiz\" data-kind=\"guess\" data-quiz=\"q\" data-answer=\"a\">\n</form>\n",
    );
    book.append("src/en/README.md", "\n<figure>\n{{#include images/map.svg}}\n</figure>\n");
    let ran = book.book(&["build"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("src/en/README.md:7: \"guess\" is no kind of quiz"), "{ran:?}");
    let picture = format!("src{SEP}en{SEP}images{SEP}map.svg:1: the picture has no <desc>");
    assert!(ran.stdout.contains(&picture), "{ran:?}");
}

#[test]
fn reports_a_missing_fragment_on_this_page_or_another_also_behind_a_redirect() {
    let book = Fixture::new();
    book.append("book.toml", "\"/old/first.html\" = \"../ch01-first/index.html\"\n");
    book.replace("src/en/README.md", "#task", "#tusk");
    book.append("src/en/README.md", "\n[moved](old/first.html#first) [moved](old/first.html#fist) [here](#nowhere)\n");
    book.finds(&[
        "src/en/README.md:3: \"ch01-first/01-greeter.md#tusk\" leads nowhere: ch01-first/01-greeter.html has nothing with the id \"tusk\"",
        "src/en/README.md:7: \"#nowhere\" leads nowhere: index.html has nothing with the id \"nowhere\"",
        "src/en/README.md:7: \"old/first.html#fist\" leads nowhere: ch01-first/index.html has nothing with the id \"fist\"",
    ]);
}

#[test]
fn reports_missing_images_and_what_other_sites_would_serve() {
    let book = Fixture::new();
    book.remove("src/en/images/map.svg");
    book.append("src/en/README.md", "\n![logo](https://example.org/logo.png)\n\n[fine](https://example.org/)\n");
    book.finds(&[
        "src/en/README.md:5: \"images/map.svg\" is missing: there is no file images/map.svg in the book",
        "src/en/README.md:7: \"https://example.org/logo.png\" would be fetched from another site: keep a copy in the book",
    ]);
}

#[test]
fn reports_links_that_only_work_from_one_place() {
    let book = Fixture::new();
    book.append("src/en/README.md", "\n[a](/ch01-first/) [b](../../code/main.rs)\n");
    book.finds(&[
        "src/en/README.md:7: \"../../code/main.rs\" leads out of the book: link to the repository, or include the file",
        "src/en/README.md:7: \"/ch01-first/\" begins at the top of the site, where the book may not lie: write it relative to the page",
    ]);
}

#[test]
fn reports_an_unclosed_code_fence() {
    let book = Fixture::new();
    book.append("src/en/ch01-first/README.md", "\n```rust\nlet a = 1;\n");
    book.finds(&[
        "src/en/ch01-first/README.md:9: code fence is never closed: end the block with a line of the same backticks or tildes",
    ]);
}

#[test]
fn reports_headings_without_an_id_or_with_a_taken_one() {
    let book = Fixture::new();
    book.append("src/en/ch01-first/README.md", "\n## No id\n\nAlso none\n---------\n\n## Twice {#first}\n");
    book.finds(&[
        "src/en/ch01-first/README.md:9: heading \"## No id\" has no explicit id: end it with {#short-name}",
        "src/en/ch01-first/README.md:11: heading \"Also none\" has no explicit id: end it with {#short-name}",
        "src/en/ch01-first/README.md:14: id \"first\" is taken by the heading in line 1: links would miss this one",
    ]);
}

#[test]
fn reports_widgets_that_are_unknown_or_say_nothing_without_script() {
    let book = Fixture::new();
    book.write("theme/widgets/cost.js", "");
    book.replace("book.toml", "[output.html]\n", "[output.html]\nadditional-js = [\"theme/widgets/cost.js\"]\n");
    let page = "\n<figure class=\"widget\" data-widget=\"cost\">\n\nUS$1.\n\n</figure>\n\n\
        <figure class=\"widget\" data-widget=\"price\">\n<p>US$1.</p>\n</figure>\n\n\
        <figure class=\"widget\" data-widget=\"cost\">\n<figcaption>Cost</figcaption>\n</figure>\n\n\
        <figure data-widget=\"cost\">\n<p>US$1.</p>\n</figure>\n\n\
        `<figure class=\"widget\" data-widget=\"x\">`\n";
    book.append("src/en/ch01-first/README.md", page);
    book.finds(&[
        "src/en/ch01-first/README.md:15: there is no widget \"price\": theme/widgets and additional-js in book.toml have cost",
        "src/en/ch01-first/README.md:19: the widget \"cost\" has nothing for readers without script: put a table, or a picture and a sentence, into its figure",
        "src/en/ch01-first/README.md:23: a widget is written <figure class=\"widget\" data-widget=\"NAME\">",
    ]);
}

#[test]
fn reports_pages_that_the_summary_does_not_list_or_lists_twice() {
    let book = Fixture::new();
    book.write("src/en/ch01-first/02-lost.md", "# Lost {#lost}\n");
    book.write("src/en/ch01-first/note.md", "Part of a page.\n");
    book.append("src/en/ch01-first/README.md", "\n{{#include note.md}}\n");
    book.append("src/en/SUMMARY.md", "  - [Again](ch01-first/01-greeter.md)\n");
    book.finds(&[
        "src/en/SUMMARY.md:7: ch01-first/01-greeter.md is listed in line 6 already",
        "src/en/ch01-first/02-lost.md: is not in SUMMARY.md, so it is not in the book: list it there, or delete it",
    ]);
}

#[test]
fn reports_a_listed_page_without_a_file_and_writes_none() {
    let book = Fixture::new();
    book.append("src/en/SUMMARY.md", "  - [Second](ch01-first/02-second.md)\n");
    book.append("src/en/README.md", "\n## No id\n");
    book.finds(&[
        "src/en/README.md:7: heading \"## No id\" has no explicit id: end it with {#short-name}",
        "src/en/SUMMARY.md:7: there is no page src/en/ch01-first/02-second.md: write it, or take the line out",
    ]);
    assert!(!book.path("src/en/ch01-first/02-second.md").exists());
    assert!(!book.path("target").exists(), "no book was built");
}

#[test]
fn reports_pages_outside_the_books_source() {
    let book = Fixture::new();
    book.write("notes.md", "# Notes {#notes}\n");
    let absolute = book.path("notes.md").display().to_string();
    book.append("src/en/SUMMARY.md", &format!("- [Up](../../notes.md)\n- [Absolute](<{absolute}>)\n"));
    book.finds(&[
        "src/en/SUMMARY.md:7: ../../notes.md lies outside src/en: move it there",
        &format!("src/en/SUMMARY.md:8: {absolute} lies outside src/en: move it there"),
    ]);
}

#[test]
fn reports_includes_of_files_anchors_and_lines_that_are_not_there() {
    let book = Fixture::new();
    book.append(
        "src/en/README.md",
        "\n{{#include ../../code/gone.rs}}\n\n{{#include ../../code/main.rs:gone}}\n\n{{#include ../../code/main.rs:9}}\n",
    );
    let code = format!("{SEP}code{SEP}").trim_start_matches(SEP).to_owned();
    book.finds(&[
        &format!("src/en/README.md:7: cannot include {code}gone.rs: no such text file"),
        &format!("src/en/README.md:9: cannot include a part of {code}main.rs: no line says \"ANCHOR: gone\""),
        &format!("src/en/README.md:11: cannot include a part of {code}main.rs: it has 5 lines, and not line 9"),
    ]);
}

#[test]
fn reports_what_mdbook_only_mutters() {
    let book = Fixture::new();
    book.replace("src/en/ch01-first/01-greeter.md", "</details>", "");
    let ran = book.book(&["build"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.starts_with("src/en/ch01-first/01-greeter.md:12: unclosed HTML tag `<details>`"), "{ran:?}");
}

#[test]
fn reports_errors_of_mdbook_with_file_and_line() {
    let book = Fixture::new();
    book.append("book.toml", "[oops\n");
    let ran = book.book(&["build"]);
    assert!(ran.stdout.starts_with("book.toml:18: "), "{ran:?}");
    assert!(ran.stdout.ends_with("the book could not be built, 1 finding\n"), "{ran:?}");
    assert_eq!(ran.code, Some(1));

    let book = Fixture::new();
    book.append("src/en/SUMMARY.md", "\n[Suffix](suffix.md)\n\n- [After](after.md)\n");
    for page in ["suffix", "after"] {
        book.write(&format!("src/en/{page}.md"), &format!("# {page} {{#{page}}}\n"));
    }
    let ran = book.book(&["build"]);
    assert!(
        ran.stdout.lines().any(|line| line.starts_with("src/en/SUMMARY.md:") && line.contains("Suffix")),
        "{ran:?}"
    );
    assert_eq!(ran.code, Some(1));
}

#[test]
fn refuses_to_empty_a_folder_that_holds_no_book() {
    let book = Fixture::new();
    for dest in ["code", ".", "src", "src/en/out"] {
        let ran = book.book(&["build", "--dest", dest]);
        assert_eq!(ran.code, Some(4), "{dest}: {ran:?}");
        assert!(ran.stderr.starts_with("error: refused to build into "), "{dest}: {ran:?}");
    }
    assert!(book.path("code/main.rs").is_file());
    assert!(book.path("src/en/README.md").is_file());
}

#[test]
fn says_when_it_cannot_work_at_all() {
    let book = Fixture::new();
    let ran = book.book(&["build", "--root", "code"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.starts_with("error: found no book.toml in "), "{ran:?}");

    let ran = book.book(&["build", "--dest", "code/main.rs"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.starts_with("error: failed to read "), "{ran:?}");
}

#[test]
fn explains_itself_and_wrong_usage() {
    let book = Fixture::new();
    assert!(book.book(&["--help"]).stdout.starts_with("book COMMAND\n"));
    for args in [&[][..], &["bulid"], &["build", "--port", "1"], &["serve", "--port", "x"], &["serve", "--dest", "x"]] {
        let ran = book.book(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("book --help"), "{args:?}: {ran:?}");
    }
}

//! The pages at the back of the book that are made of lists: where each section is taught, what words mean, what has
//! changed. The lists are `src/coverage`, `src/glossary.json` and `src/changes.json`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use course::root;
use serde_json::Value;

use crate::same;

fn json(file: &str) -> Value {
    let text = fs::read_to_string(root().join("src").join(file)).expect("a list of src");
    serde_json::from_str(&text).expect("a list is JSON")
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry[field].as_str().unwrap_or_else(|| panic!("{entry} has no {field:?}"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("src/en").join(name)).unwrap_or_else(|_| panic!("no page {name}"))
}

/// A link from a page at the back to `page.md#id`, in the words of its heading.
fn link(target: &str) -> String {
    let (name, id) = target.split_once('#').unwrap_or((target, ""));
    let text = page(name);
    let heading = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .find(|line| id.is_empty() || line.ends_with(&format!("{{#{id}}}")))
        .unwrap_or_else(|| panic!("no heading {target}"));
    let words = heading.trim_start_matches('#').split(" {#").next().unwrap_or_default().trim();
    format!("[{words}](../{target})")
}

fn links(row: &Value, kind: &str, ending: &str) -> String {
    let names = row[kind].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(|name| link(&format!("{name}{ending}"))).collect::<Vec<_>>().join("<br>")
}

/// The section that a row belongs to, `1.3` of `1.3 price`.
fn section(id: &str) -> &str {
    id.split(' ').next().unwrap_or(id)
}

/// A section's number as numbers, so that 5.10 comes after 5.9.
fn parts(id: &str) -> Vec<u32> {
    section(id).split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{id} is no section"))).collect()
}

#[test]
fn where_each_section_is_taught() {
    let mut chapters = BTreeMap::new();
    for file in fs::read_dir(root().join("src/coverage")).expect("src/coverage").flatten() {
        let name = file.file_name().into_string().expect("a name in ASCII");
        let map = json(&format!("coverage/{name}"));
        chapters.insert(text(&map, "chapter").to_owned(), map);
    }
    let mut out = String::new();
    for (chapter, map) in &chapters {
        let _ = writeln!(out, "\n**{}**\n", link(&format!("{chapter}/README.md")));
        out.push_str("| Section | Pages | Exercises |\n|---|---|---|\n");
        let rows = map["rows"].as_object().expect("a map has rows");
        let mut rows: Vec<_> = rows.iter().map(|(id, row)| (parts(id), section(id), row)).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, id, row) in rows {
            let topic = text(row, "topic");
            let (pages, exercises) = (links(row, "pages", ""), links(row, "exercises", ".md"));
            let _ = writeln!(out, "| **{id}** {topic} | {pages} | {exercises} |");
        }
    }
    same("back", "map.md", out.trim_start());
}

#[test]
fn what_words_mean() {
    let list = json("glossary.json");
    let list = list.as_array().expect("the glossary is a list");
    let terms: Vec<String> = list.iter().map(|entry| text(entry, "term").to_lowercase()).collect();
    assert!(terms.is_sorted_by(|a, b| a < b), "the glossary is sorted by term, and has each once: {terms:?}");
    let mut out = "| Term | Meaning | Taught in |\n|---|---|---|\n".to_owned();
    for entry in list {
        let (term, zh) = (text(entry, "term"), text(entry, "zh"));
        let id: String = term.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let _ = writeln!(
            out,
            "| <strong id=\"{id}\">{term}</strong><br><span lang=\"zh-Hant-TW\">{zh}</span> | {} | {} |",
            text(entry, "meaning"),
            link(text(entry, "page")),
        );
    }
    same("back", "glossary.md", &out);
}

#[test]
fn what_has_changed() {
    let list = json("changes.json");
    let list = list.as_array().expect("the changes are a list");
    let dates: Vec<&str> = list.iter().map(|entry| text(entry, "date")).collect();
    assert!(dates.is_sorted(), "the changes are sorted by date: {dates:?}");
    let mut out = "| Since | What changed | Taught in | Source, and when it was read |\n|---|---|---|---|\n".to_owned();
    for entry in list.iter().rev() {
        let taught = entry["page"].as_str().map(link).unwrap_or_default();
        let source = text(entry, "source");
        let host = source.split('/').nth(2).unwrap_or(source);
        let _ = writeln!(
            out,
            "| {} | {} | {taught} | [{host}]({source}), {} |",
            text(entry, "date"),
            text(entry, "what"),
            text(entry, "as_of"),
        );
    }
    same("back", "changes.md", &out);
}

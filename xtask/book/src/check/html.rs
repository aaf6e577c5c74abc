//! What a built page offers and asks for: ids, and links with what becomes of them. mdBook writes well-formed HTML with
//! quoted attributes, so a scan for tags sees what a parser would, in a tenth of its time.

use std::collections::BTreeSet;

/// A URL in a page.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Link {
    pub url: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// The reader may follow it.
    Followed,
    /// The browser fetches it to show the page; images are by far the most.
    Fetched,
}

#[derive(Debug, Default)]
pub struct Html {
    pub ids: BTreeSet<String>,
    pub links: BTreeSet<Link>,
}

pub fn read(text: &str) -> Html {
    let mut html = Html::default();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (name, attributes, after) = tag(rest);
            html.note(name, &attributes);
            rest = after;
            // What these elements hold is text, even where it looks like tags.
            if matches!(name, "script" | "style" | "title" | "textarea") {
                rest = rest.find(&format!("</{name}")).map_or("", |end| &rest[end..]);
            }
        }
    }
    html
}

pub(super) type Attributes<'text> = Vec<(&'text str, String)>;

/// The name and attributes of a start tag, and what follows it.
pub(super) fn tag(text: &str) -> (&str, Attributes<'_>, &str) {
    let ends_name = |c: char| c.is_whitespace() || matches!(c, '>' | '/' | '=');
    let (name, mut rest) = text.split_at(text.find(ends_name).unwrap_or(text.len()));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return (name, attributes, rest.strip_prefix('>').unwrap_or(rest));
        }
        let (attribute, after) = rest.split_at(rest.find(ends_name).unwrap_or(rest.len()).max(1));
        rest = after.trim_start();
        let mut value = "";
        if let Some(assigned) = rest.strip_prefix('=') {
            let assigned = assigned.trim_start();
            (value, rest) = match assigned.chars().next() {
                Some(quote @ ('"' | '\'')) => assigned[1..].split_once(quote).unwrap_or((assigned, "")),
                _ => {
                    assigned.split_at(assigned.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(assigned.len()))
                }
            };
        }
        attributes.push((attribute, decode(value)));
    }
}

/// The entities that mdBook writes in attributes; the ampersand last, so that nothing is decoded twice.
fn decode(value: &str) -> String {
    let mut decoded = value.to_owned();
    for (entity, text) in
        [("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
    {
        if decoded.contains('&') {
            decoded = decoded.replace(entity, text);
        }
    }
    decoded
}

impl Html {
    fn note(&mut self, name: &str, attributes: &Attributes<'_>) {
        let value_of = |wanted: &str| attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        self.ids.extend(value_of("id").cloned());
        if name == "a" {
            self.ids.extend(value_of("name").cloned());
        }
        let elsewhere = |rel: &String| rel.contains("alternate") || rel.contains("canonical");
        for (attribute, url) in attributes {
            let kind = match (name, *attribute) {
                ("base", _) => continue,
                ("a" | "area", "href" | "xlink:href") => Kind::Followed,
                ("link", "href") if value_of("rel").is_some_and(elsewhere) => Kind::Followed,
                (_, "href" | "xlink:href" | "src" | "poster") | ("object", "data") => Kind::Fetched,
                _ => continue,
            };
            self.links.insert(Link { url: url.clone(), kind });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_ids_are_found_where_a_browser_finds_them() {
        let html =
            read(r#"<h2 id=a>x</h2><script>"<a href='no'>"</script><a name="b" href="c?d&amp;e">x</a><img src='f'>"#);
        assert_eq!(html.ids.into_iter().collect::<Vec<_>>(), ["a", "b"]);
        let links: Vec<_> = html.links.into_iter().map(|link| (link.url, link.kind)).collect();
        assert_eq!(links, [("c?d&e".to_owned(), Kind::Followed), ("f".to_owned(), Kind::Fetched)]);
    }
}

//! mdBook writes a `README.md` as `index.html` and leaves links to it as they are, to `README.html`. Such links, which a
//! code host follows too, lead to the index here; in a plain build the redirects of `book.toml` do that.

pub(super) fn link_to_index(html: &str) -> String {
    let mut linked = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("README.html") {
        let (before, after) = rest.split_at(at);
        linked.push_str(before);
        let is_whole = before.ends_with(['"', '/']) && after["README.html".len()..].starts_with(['"', '#']);
        let is_href = before.rfind("href=\"").is_some_and(|href| !before[href + 6..].contains(['"', ':']));
        linked.push_str(if is_whole && is_href { "index.html" } else { "README.html" });
        rest = &after["README.html".len()..];
    }
    linked.push_str(rest);
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_inside_the_book_are_rewritten() {
        assert_eq!(
            link_to_index("<a href=\"../README.html#x\">README.html</a>"),
            "<a href=\"../index.html#x\">README.html</a>"
        );
        assert_eq!(link_to_index("<a href=\"README.html\">"), "<a href=\"index.html\">");
        for same in
            ["<a href=\"https://example.org/README.html\">", "<a href=\"MY-README.html\">", "<p title=\"README.html\">"]
        {
            assert_eq!(link_to_index(same), same);
        }
    }
}

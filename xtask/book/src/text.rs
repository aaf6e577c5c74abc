//! Small questions about text: which line, which path, which characters a URL stands for.

use std::path::{Component, Path, PathBuf};

/// The line, counted from 1, in which byte `offset` lies.
pub fn line_at(text: &str, offset: usize) -> usize {
    // std's search for a character is compiled with optimizations, a loop over bytes here is not.
    text[..text.floor_char_boundary(offset)].matches('\n').count() + 1
}

/// The first line that holds `needle` as a whole link target, file name or tag: not as a part of a longer one.
pub fn line_of(text: &str, needle: &str) -> Option<usize> {
    let part_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '#' | '%');
    text.match_indices(needle)
        .find(|(offset, _)| {
            let before = text[..*offset].chars().next_back();
            let after = text[offset + needle.len()..].chars().next();
            !before.is_some_and(part_of_a_name) && !after.is_some_and(part_of_a_name)
        })
        .map(|(offset, _)| line_at(text, offset))
}

/// `a%20b` is `a b`; what is no valid escape, or no UTF-8, stays as it is.
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// `a/../b/./c` is `b/c`, without asking the file system. `None` where it climbs above its start.
pub fn normalize(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            other => normal.push(other),
        }
    }
    Some(normal)
}

/// A relative path with forward slashes, as addresses have it.
pub fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// The characters that mean something to HTML, as entities.
pub fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The words of a piece of HTML on one line: no tags, the usual entities as their characters.
pub fn plain(html: &str) -> String {
    let mut words = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    words.replace("&amp;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_found_whole() {
        let text = "[a](x/b.md)\n[b](b.md#c)\n[c](b.md)\n";
        assert_eq!(line_of(text, "b.md"), Some(3));
        assert_eq!(line_of(text, "b.md#c"), Some(2));
        assert_eq!(line_of(text, "c.md"), None);
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(percent_decode("a%20b%2520"), "a b%20");
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%zz%e4%b8%ad"), "%zz中");
        assert_eq!(percent_decode("%中文"), "%中文");
    }

    #[test]
    fn html_is_told_in_words() {
        assert_eq!(plain("A <code>Vec&lt;u8&gt;</code>\n&amp; <em>more</em>"), "A Vec<u8> & more");
    }

    #[test]
    fn a_path_never_climbs_out() {
        assert_eq!(normalize(Path::new("a/../b/./c")), Some(PathBuf::from("b/c")));
        assert_eq!(normalize(Path::new("a/../../b")), None);
    }
}

//! Blocks of code that were cut out of a longer file: the indentation that all their lines share is taken away.

/// The page with its blocks moved to the left.
pub(super) fn dedent(html: &str) -> String {
    const START: &str = "<pre><code class=\"language-";
    const END: &str = "</code></pre>";
    let mut result = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find(START) {
        let Some(opened) = rest[start + 5..].find('>').map(|at| start + 5 + at + 1) else { break };
        let Some(end) = rest[opened..].find(END).map(|at| opened + at) else { break };
        result.push_str(&rest[..opened]);
        result.push_str(&moved(&rest[opened..end]));
        rest = &rest[end..];
    }
    result + rest
}

fn moved(code: &str) -> String {
    let filled = code.split('\n').filter(|line| !line.trim().is_empty());
    let shared = filled.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(0);
    let lines: Vec<&str> = code.split('\n').map(|line| line.get(shared..).unwrap_or("")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_begins_at_the_left() {
        let page = |code: &str| format!("<p>  a</p><pre><code class=\"language-yaml\">{code}</code></pre>  b");
        for (code, expected) in [
            ("  Jobs:\n    Type: x\n\n  Other: y\n", "Jobs:\n  Type: x\n\nOther: y\n"),
            ("Jobs:\n  Type: x\n", "Jobs:\n  Type: x\n"),
            ("<span>  x</span>\n  y", "<span>  x</span>\n  y"),
            ("", ""),
        ] {
            assert_eq!(dedent(&page(code)), page(expected), "{code:?}");
        }
    }

    #[test]
    fn a_page_without_code_stays() {
        assert_eq!(dedent("<p>  x</p>"), "<p>  x</p>");
    }
}

//! The `wildcard` operator: `*` stands for any characters, `\*` for an asterisk, `\\` for a backslash.
//!
//! Source:
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching>.

/// The pieces between the asterisks; one piece means that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard {
    text: String,
    pieces: Vec<String>,
}

impl Wildcard {
    /// # Errors
    /// With AWS's reason. Positions count bytes, the opening quote included.
    pub(super) fn parse(text: &str) -> Result<Wildcard, String> {
        let mut pieces = vec![String::new()];
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            match (character, next) {
                ('*', Some('*')) => return Err(format!("Consecutive wildcard characters at pos {}", at + 1)),
                ('*', _) => pieces.push(String::new()),
                ('\\', Some(escaped @ ('*' | '\\'))) => {
                    last(&mut pieces).push(escaped);
                    characters.next();
                }
                ('\\', _) => return Err(format!("Invalid escape character at pos {}", at + 1)),
                (other, _) => last(&mut pieces).push(other),
            }
        }
        Ok(Wildcard { text: text.to_owned(), pieces })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Takes each piece at the first place where it fits: what is left for the pieces after it is then longest.
    pub(super) fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|whole| whole == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

fn last(pieces: &mut [String]) -> &mut String {
    pieces.last_mut().expect("there is always a piece")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_stands_for_any_characters() {
        for (wildcard, text, expected) in [
            ("*.png", "a.png", true),
            ("*.png", ".png", true),
            ("*.png", "a.png.bak", false),
            ("uploads/*/*.jpg", "uploads/7/a.jpg", true),
            ("uploads/*/*.jpg", "uploads/a.jpg", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("*", "", true),
            ("plain", "plain", true),
            ("plain", "plainer", false),
            ("?at", "cat", false),
            (r"2\*2", "2*2", true),
            (r"2\*2", "2x2", false),
            (r"C:\\*", r"C:\temp", true),
            ("花*", "花園", true),
        ] {
            assert_eq!(Wildcard::parse(wildcard).unwrap().matches(text), expected, "{wildcard} {text}");
        }
    }

    #[test]
    fn what_is_not_a_wildcard_is_refused_with_its_place() {
        for (wildcard, reason) in [
            ("a**b", "Consecutive wildcard characters at pos 2"),
            (r"a\b", "Invalid escape character at pos 2"),
            (r"花\", "Invalid escape character at pos 4"),
        ] {
            assert_eq!(Wildcard::parse(wildcard).unwrap_err(), reason, "{wildcard}");
        }
    }
}

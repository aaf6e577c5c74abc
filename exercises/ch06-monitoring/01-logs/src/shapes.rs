//! What a secret is called, and what it looks like.

/// What stands in the log in place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// Names of secrets, in small letters, without dashes and underscores.
pub(crate) const SECRET_NAMES: [&str; 8] =
    ["authorization", "cookie", "setcookie", "xapikey", "apikey", "password", "cardnumber", "cvc"];

/// The text without what looks like a secret: `Bearer` tokens, and numbers of cards, which may have blanks or dashes.
pub(crate) fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let begins_a_word = !masked.ends_with(|c: char| c.is_alphanumeric() || c == '-');
        let (shown, length) = match secret(rest) {
            Some(found) if begins_a_word => found,
            _ => (rest[..next.len_utf8()].to_owned(), next.len_utf8()),
        };
        masked.push_str(&shown);
        rest = &rest[length..];
    }
    masked
}

/// What to show in place of the secret with which a text begins, and how long the secret is.
fn secret(text: &str) -> Option<(String, usize)> {
    bearer(text).or_else(|| card(text))
}

fn bearer(text: &str) -> Option<(String, usize)> {
    let (word, token) = (text.get(..7)?, text.get(7..)?);
    let length = token.find(|c: char| !(c.is_ascii_alphanumeric() || "-._~+/=".contains(c))).unwrap_or(token.len());
    (word.eq_ignore_ascii_case("bearer ") && length >= 8).then(|| (format!("{word}{REDACTED}"), 7 + length))
}

fn card(text: &str) -> Option<(String, usize)> {
    let is_inside = |(at, c): &(usize, char)| {
        let follows_a_digit = || text[..*at].ends_with(|before: char| before.is_ascii_digit());
        c.is_ascii_digit() || ((*c == ' ' || *c == '-') && follows_a_digit())
    };
    let run: String = text.char_indices().take_while(is_inside).map(|(_, c)| c).collect();
    let number = run.trim_end_matches([' ', '-']);
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let goes_on = text[number.len()..].starts_with(|c: char| c.is_alphanumeric());
    ((13..=19).contains(&digits.len()) && !goes_on && has_check_digit(&digits))
        .then(|| (REDACTED.to_owned(), number.len()))
}

/// Whether the last digit is the one that the others ask for, as in all numbers of cards (Luhn).
fn has_check_digit(digits: &[u32]) -> bool {
    let weighted = digits.iter().rev().enumerate().map(|(place, digit)| match place % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    });
    weighted.sum::<u32>().is_multiple_of(10)
}

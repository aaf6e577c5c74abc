//! Where two JSON values differ first, and in which words.

use serde_json::Value;

/// The first difference between two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// A JSON pointer (RFC 6901); the empty string is the whole value.
    pub(crate) path: String,
    /// One sentence without a full stop.
    pub(crate) sentence: String,
}

/// The first difference, in the order of the expected value; none when they are equal. Numbers are equal when their
/// values are: 1 and 1.0 are.
pub(crate) fn first_difference(expected: &Value, got: &Value) -> Option<Difference> {
    compare(expected, got, &mut String::new())
}

fn compare(expected: &Value, got: &Value, path: &mut String) -> Option<Difference> {
    let differ = |path: &str, sentence: String| Some(Difference { path: path.to_owned(), sentence });
    match (expected, got) {
        (Value::Object(want), Value::Object(have)) => {
            for (key, value) in want {
                let length = path.len();
                push_key(path, key);
                let difference = match have.get(key) {
                    Some(other) => compare(value, other, path),
                    None => differ(path, format!("expected {}, but the key is missing", short(value))),
                };
                if difference.is_some() {
                    return difference;
                }
                path.truncate(length);
            }
            let unexpected = have.keys().find(|key| !want.contains_key(*key))?;
            push_key(path, unexpected);
            differ(path, format!("not expected, but there it is: {}", short(&have[unexpected])))
        }
        (Value::Array(want), Value::Array(have)) => {
            for (index, (value, other)) in want.iter().zip(have).enumerate() {
                let length = path.len();
                path.push_str(&format!("/{index}"));
                let difference = compare(value, other, path);
                if difference.is_some() {
                    return difference;
                }
                path.truncate(length);
            }
            match want.len() == have.len() {
                true => None,
                false => differ(path, format!("expected {}, got {}", count(want.len()), count(have.len()))),
            }
        }
        (Value::Number(want), Value::Number(have)) if want == have || want.as_f64() == have.as_f64() => None,
        _ if expected == got => None,
        _ if kind(expected) != kind(got) => {
            let told = |value: &Value| match value {
                Value::Null => short(value),
                _ => format!("{} {}", kind(value), short(value)),
            };
            differ(path, format!("expected {}, got {}", told(expected), told(got)))
        }
        _ => differ(path, format!("expected {}, got {}", short(expected), short(got))),
    }
}

fn push_key(path: &mut String, key: &str) {
    path.push('/');
    path.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

fn count(n: usize) -> String {
    match n {
        1 => "1 element".to_owned(),
        n => format!("{n} elements"),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "the boolean",
        Value::Number(_) => "the number",
        Value::String(_) => "the string",
        Value::Array(_) => "the array",
        Value::Object(_) => "the object",
    }
}

/// A value on one line, cut at 80 characters.
pub(crate) fn short(value: &Value) -> String {
    shorten(&value.to_string(), 80)
}

/// The beginning of a text, with an ellipsis where something was cut.
pub(crate) fn shorten(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn differs(expected: Value, got: Value, path: &str, sentence: &str) {
        let difference = first_difference(&expected, &got).expect("they differ");
        assert_eq!((difference.path.as_str(), difference.sentence.as_str()), (path, sentence));
    }

    #[test]
    fn the_first_difference_has_a_path_and_a_sentence() {
        differs(json!({"a": [1, 2]}), json!({"a": [1, 3]}), "/a/1", "expected 2, got 3");
        differs(json!({"a": 1}), json!({}), "/a", "expected 1, but the key is missing");
        differs(json!({}), json!({"b": 2}), "/b", "not expected, but there it is: 2");
        differs(json!([1]), json!([]), "", "expected 1 element, got 0 elements");
        differs(json!("1"), json!(1), "", "expected the string \"1\", got the number 1");
        differs(json!({"a": 1}), json!({"a": null}), "/a", "expected the number 1, got null");
        differs(json!({"a/b": {"c~": 1}}), json!({"a/b": {"c~": 2}}), "/a~1b/c~0", "expected 1, got 2");
    }

    #[test]
    fn equal_values_have_no_difference() {
        let value = json!({"a": [1, {"b": null}], "c": "x"});
        assert_eq!(first_difference(&value, &value.clone()), None);
        assert_eq!(first_difference(&json!(1), &json!(1.0)), None);
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(shorten("小明小明", 2), "小明…");
        assert_eq!(shorten("小明", 2), "小明");
    }
}

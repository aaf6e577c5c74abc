//! Small changes to a file that people deploy: each part left out, each value another. JSON is changed as data; in a
//! format of lines (YAML, TOML, a Dockerfile) every line is left out, and numbers and truths are changed.

use std::path::Path;

use serde_json::Value;

use crate::mutation::{self, Mutant};

/// Every mutant of the file called `name`. A file that is not what its name says has none.
#[must_use]
pub fn mutants(name: &Path, source: &str) -> Vec<Mutant> {
    if name.extension().is_some_and(|extension| extension == "json") {
        return serde_json::from_str(source).map(|value| of_json(&value)).unwrap_or_default();
    }
    of_lines(source)
}

fn of_json(value: &Value) -> Vec<Mutant> {
    let changed = |(pointer, to, changed): (String, String, Value)| {
        let text = format!("{changed:#}\n");
        Mutant { line: 1, from: pointer, to, text }
    };
    variants(value).into_iter().map(changed).collect()
}

/// Each change of a value: where (a JSON pointer), what stands there now (nothing when it was left out), and the whole.
fn variants(value: &Value) -> Vec<(String, String, Value)> {
    let scalar = |changed: Value| vec![(String::new(), changed.to_string(), changed)];
    let mut all = Vec::new();
    match value {
        Value::Null => {}
        Value::Bool(truth) => return scalar(Value::from(!truth)),
        Value::Number(number) => {
            return number.as_i64().map_or(Vec::new(), |n| scalar(Value::from(n.saturating_add(1))));
        }
        Value::String(text) => return scalar(Value::from(format!("{text}x"))),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut without = items.clone();
                without.remove(index);
                all.push((format!("/{index}"), String::new(), Value::from(without)));
                for (below, to, changed) in variants(item) {
                    let mut with = items.clone();
                    with[index] = changed;
                    all.push((format!("/{index}{below}"), to, Value::from(with)));
                }
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let mut without = members.clone();
                without.remove(key);
                all.push((format!("/{key}"), String::new(), Value::from(without)));
                for (below, to, changed) in variants(member) {
                    let mut with = members.clone();
                    with.insert(key.clone(), changed);
                    all.push((format!("/{key}{below}"), to, Value::from(with)));
                }
            }
        }
    }
    all
}

fn of_lines(source: &str) -> Vec<Mutant> {
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let blanked = |line: &str| if is_comment(line) { line.replace(|c: char| c != '\n', " ") } else { line.to_owned() };
    let code: String = source.split_inclusive('\n').map(blanked).collect();
    // Blanking works on characters, places in a text on bytes.
    let code = if code.len() == source.len() { code } else { source.to_owned() };
    let mut mutants = mutation::values(source, &code);
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        if !line.trim().is_empty() && !is_comment(line) {
            mutants.push(mutation::mutant(source, start, line, ""));
        }
        start += line.len();
    }
    mutants.sort_by_key(|mutant| mutant.line);
    mutants
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(name: &str, source: &str) -> Vec<(usize, String, String)> {
        mutants(Path::new(name), source).into_iter().map(|m| (m.line, m.from, m.to)).collect()
    }

    #[test]
    fn each_part_of_json_is_left_out_and_each_value_is_another() {
        let source = r#"{ "allow": true, "ports": [80] }"#;
        let told = changes("policy.json", source);
        let told: Vec<(&str, &str)> = told.iter().map(|(_, from, to)| (from.as_str(), to.as_str())).collect();
        assert_eq!(told, [("/allow", ""), ("/allow", "false"), ("/ports", ""), ("/ports/0", ""), ("/ports/0", "81")]);
        assert_eq!(changes("policy.json", "no json"), []);
    }

    #[test]
    fn each_line_is_left_out_and_comments_are_left_alone() {
        let told = changes("hours.yaml", "# 9 to 18\nopens: 9\n\nsundays: false\n");
        let told: Vec<(usize, &str, &str)> =
            told.iter().map(|(line, from, to)| (*line, from.as_str(), to.as_str())).collect();
        assert_eq!(told, [(2, "9", "10"), (2, "opens: 9", ""), (4, "false", "true"), (4, "sundays: false", "")]);
    }
}

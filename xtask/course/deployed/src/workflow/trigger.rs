//! Which events start a workflow.

use serde_json::Value;

use super::Event;
use super::run::texts;

/// The settings of an event in `on`; nothing where the workflow does not listen to it.
pub(super) fn trigger<'w>(workflow: &'w Value, event: &str) -> Option<&'w Value> {
    match &workflow["on"] {
        Value::String(one) if one == event => Some(&Value::Null),
        Value::Array(many) if many.iter().any(|one| one == event) => Some(&Value::Null),
        Value::Object(all) => all.get(event),
        _ => None,
    }
}

/// Whether an event starts it.
pub(super) fn starts(workflow: &Value, event: &Event) -> bool {
    let Some(settings) = trigger(workflow, &event.name) else { return false };
    let branch = match event.name.as_str() {
        "push" => event.reference.strip_prefix("refs/heads/"),
        "pull_request" | "pull_request_target" => Some("main"),
        _ => return true,
    };
    let types = &settings["types"];
    if event.name.starts_with("pull_request") && !types.is_null() && texts(types).all(|kind| kind != "opened") {
        return false;
    }
    let tag = event.reference.strip_prefix("refs/tags/");
    let fit = |patterns: &Value, name: &str| {
        let mut fits = false;
        for pattern in texts(patterns) {
            match pattern.strip_prefix('!') {
                Some(pattern) => fits &= !glob(pattern, name),
                None => fits |= glob(pattern, name),
            }
        }
        fits
    };
    let (branches, ignored, tags) = (&settings["branches"], &settings["branches-ignore"], &settings["tags"]);
    match (branch, tag) {
        (Some(branch), _) if !branches.is_null() => fit(branches, branch),
        (Some(branch), _) if !ignored.is_null() => !fit(ignored, branch),
        (Some(_), _) => tags.is_null(),
        (None, Some(tag)) if !tags.is_null() => fit(tags, tag),
        (None, Some(_)) => branches.is_null() && ignored.is_null(),
        (None, None) => true,
    }
}

/// `*` is any text without a slash, `**` any text.
fn glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => {
            let Some(name) = name.strip_prefix(start) else { return false };
            let (rest, crosses) = rest.strip_prefix('*').map_or((rest, false), |rest| (rest, true));
            let ends = (0..=name.len()).filter(|end| name.is_char_boundary(*end));
            ends.filter(|end| crosses || !name[..*end].contains('/')).any(|end| glob(rest, &name[end..]))
        }
    }
}

//! Which changes of an object a notification is for, which notifications a bucket may have, and how an event writes a
//! key.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>.

use std::fmt;

/// What happened to an object, as a notification names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ObjectEvent {
    /// An object was stored by `PutObject`.
    CreatedPut,
    /// An object was stored by a browser's form.
    CreatedPost,
    /// An object was stored by `CopyObject`.
    CreatedCopy,
    /// An object was stored in parts.
    CreatedCompleteMultipartUpload,
    /// An object, or a version of it, was deleted for good.
    RemovedDelete,
    /// An object of a bucket with versions got a delete marker.
    RemovedDeleteMarkerCreated,
}

impl ObjectEvent {
    /// As `eventName` has it, without `s3:`: `ObjectCreated:Put`.
    pub fn name(self) -> &'static str {
        match self {
            ObjectEvent::CreatedPut => "ObjectCreated:Put",
            ObjectEvent::CreatedPost => "ObjectCreated:Post",
            ObjectEvent::CreatedCopy => "ObjectCreated:Copy",
            ObjectEvent::CreatedCompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
            ObjectEvent::RemovedDelete => "ObjectRemoved:Delete",
            ObjectEvent::RemovedDeleteMarkerCreated => "ObjectRemoved:DeleteMarkerCreated",
        }
    }

    /// Whether an event type of a configuration, such as `s3:ObjectCreated:*`, means this event.
    fn is_meant_by(self, event_type: &str) -> bool {
        let event_type = event_type.strip_prefix("s3:").unwrap_or(event_type);
        match event_type.strip_suffix('*') {
            Some(beginning) => self.name().starts_with(beginning),
            None => self.name() == event_type,
        }
    }
}

/// The event types that a configuration may name here.
const EVENT_TYPES: [&str; 8] = [
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
];

/// What one notification configuration is for: event types, and at most one prefix and one suffix of the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotificationRule {
    events: Vec<String>,
    prefix: Option<String>,
    suffix: Option<String>,
}

/// Why a configuration is refused: the words of the API, and a remark on what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidNotification(String);

impl NotificationRule {
    /// A rule for these event types, `s3:ObjectCreated:*` and the like, and all keys.
    ///
    /// # Errors
    /// When a type is not one of those that this service has: creation and removal of objects.
    pub fn new<S: Into<String>>(events: impl IntoIterator<Item = S>) -> Result<NotificationRule, InvalidNotification> {
        let events: Vec<String> = events.into_iter().map(Into::into).collect();
        if let Some(unknown) = events.iter().find(|event| !EVENT_TYPES.contains(&event.as_str())) {
            let known = EVENT_TYPES.join(", ");
            return Err(InvalidNotification(format!("The event {unknown:?} is not supported; known here: {known}")));
        }
        if events.is_empty() {
            return Err(InvalidNotification("The event type is missing; name at least one".to_owned()));
        }
        Ok(NotificationRule { events, prefix: None, suffix: None })
    }

    /// Adds a filter rule on the key, as in `{ "Name": "prefix", "Value": "uploads/" }`. The value is the key's own
    /// text, not its form in events.
    ///
    /// # Errors
    /// When there is a rule of this name already, or none may have it.
    pub fn filter(mut self, name: &str, value: impl Into<String>) -> Result<NotificationRule, InvalidNotification> {
        let rule = match name.to_ascii_lowercase().as_str() {
            "prefix" => &mut self.prefix,
            "suffix" => &mut self.suffix,
            _ => {
                let reason = "filter rule name must be either prefix or suffix";
                return Err(InvalidNotification(format!("{reason}, not {name:?}")));
            }
        };
        if rule.is_some() {
            let name = name.to_ascii_lowercase();
            let reason = format!("Cannot specify more than one {name} rule in a filter.");
            return Err(InvalidNotification(format!("{reason} Two {name}es need two configurations")));
        }
        *rule = Some(value.into());
        Ok(self)
    }

    /// The prefix of keys, if there is one.
    pub fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    /// The suffix of keys, if there is one.
    pub fn suffix(&self) -> Option<&str> {
        self.suffix.as_deref()
    }

    /// Whether the rule is for this change of this key. Case counts: `.JPG` is not `.jpg`.
    pub fn matches(&self, event: ObjectEvent, key: &str) -> bool {
        self.events.iter().any(|event_type| event.is_meant_by(event_type))
            && key.starts_with(self.prefix().unwrap_or_default())
            && key.ends_with(self.suffix().unwrap_or_default())
    }

    /// Whether there could be a change that both rules are for.
    pub fn overlaps(&self, other: &NotificationRule) -> bool {
        let (a, b) = (self.prefix().unwrap_or_default(), other.prefix().unwrap_or_default());
        let prefixes = a.starts_with(b) || b.starts_with(a);
        let (a, b) = (self.suffix().unwrap_or_default(), other.suffix().unwrap_or_default());
        prefixes && (a.ends_with(b) || b.ends_with(a)) && self.shares_an_event(other)
    }

    fn shares_an_event(&self, other: &NotificationRule) -> bool {
        let means = |a: &str, b: &str| a == b || a.strip_suffix('*').is_some_and(|beginning| b.starts_with(beginning));
        self.events.iter().any(|a| other.events.iter().any(|b| means(a, b) || means(b, a)))
    }
}

/// Checks a bucket's configurations together: no change may be meant by two of them.
///
/// # Errors
/// In AWS's words, when two overlap. EventBridge is not among them: it gets every event, and its rules may overlap.
pub fn check_overlaps(rules: &[NotificationRule]) -> Result<(), InvalidNotification> {
    for (index, rule) in rules.iter().enumerate() {
        if let Some(other) = rules[..index].iter().find(|other| rule.overlaps(other)) {
            let reason = "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the \
                          prefixes are overlapping for the same event type.";
            return Err(InvalidNotification(format!("{reason} ({other} and {rule})")));
        }
    }
    Ok(())
}

/// A key as an event writes it: like a field of a form in UTF-8. A blank is `+`, a plus is `%2B`; letters, digits,
/// `/ . - _ *` stay as they are.
pub fn encode_key(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'*' => encoded.push(byte as char),
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// `s3:ObjectCreated:* with prefix "uploads/" and suffix ".jpg"`.
impl fmt::Display for NotificationRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.events.join(", "))?;
        match (self.prefix(), self.suffix()) {
            (None, None) => Ok(()),
            (Some(prefix), None) => write!(f, " with prefix {prefix:?}"),
            (None, Some(suffix)) => write!(f, " with suffix {suffix:?}"),
            (Some(prefix), Some(suffix)) => write!(f, " with prefix {prefix:?} and suffix {suffix:?}"),
        }
    }
}

impl fmt::Display for InvalidNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidNotification {}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(events: &[&str], prefix: &str, suffix: &str) -> NotificationRule {
        let rule = NotificationRule::new(events.iter().copied()).unwrap();
        rule.filter("prefix", prefix).unwrap().filter("suffix", suffix).unwrap()
    }

    #[test]
    fn a_rule_is_for_its_events_and_keys() {
        let created = rule(&["s3:ObjectCreated:*"], "uploads/", ".jpg");
        for (event, key, expected) in [
            (ObjectEvent::CreatedPut, "uploads/a.jpg", true),
            (ObjectEvent::CreatedCopy, "uploads/2026/a b.jpg", true),
            (ObjectEvent::CreatedPut, "uploads/a.JPG", false),
            (ObjectEvent::CreatedPut, "thumbs/a.jpg", false),
            (ObjectEvent::RemovedDelete, "uploads/a.jpg", false),
        ] {
            assert_eq!(created.matches(event, key), expected, "{event:?} {key}");
        }
        let put = NotificationRule::new(["s3:ObjectCreated:Put"]).unwrap();
        assert!(put.matches(ObjectEvent::CreatedPut, "any"));
        assert!(!put.matches(ObjectEvent::CreatedCopy, "any"));
    }

    #[test]
    fn a_filter_has_one_prefix_and_one_suffix() {
        let error = rule(&["s3:ObjectCreated:*"], "", ".jpg").filter("suffix", ".png").unwrap_err();
        assert!(error.to_string().starts_with("Cannot specify more than one suffix rule in a filter."), "{error}");
        assert!(NotificationRule::new(["s3:ObjectCreated:*"]).unwrap().filter("infix", "a").is_err());
        assert!(NotificationRule::new(["s3:ObjectCreated"]).unwrap_err().to_string().contains("s3:ObjectCreated:*"));
        assert!(NotificationRule::new::<String>([]).is_err());
    }

    #[test]
    fn two_configurations_may_not_mean_the_same_change() {
        let created = &["s3:ObjectCreated:*"];
        for (a, b, overlap) in [
            (rule(created, "a/", ""), rule(created, "b/", ""), false),
            (rule(created, "a/", ""), rule(created, "a/b/", ""), true),
            (rule(created, "a/", ".jpg"), rule(created, "a/b/", ".png"), false),
            (rule(created, "a/", ".jpg"), rule(created, "a/b/", "x.jpg"), true),
            (rule(created, "", ""), rule(&["s3:ObjectRemoved:*"], "", ""), false),
            (rule(created, "", ""), rule(&["s3:ObjectCreated:Copy"], "", ""), true),
            (rule(&["s3:ObjectCreated:Put"], "", ""), rule(&["s3:ObjectCreated:Copy"], "", ""), false),
        ] {
            assert_eq!(check_overlaps(&[a.clone(), b.clone()]).is_err(), overlap, "{a}; {b}");
            assert_eq!(check_overlaps(&[b.clone(), a.clone()]).is_err(), overlap, "{b}; {a}");
        }
    }

    #[test]
    fn keys_are_encoded_like_fields_of_a_form() {
        for (key, expected) in [
            ("red flower.jpg", "red+flower.jpg"),
            ("a+b.jpg", "a%2Bb.jpg"),
            ("uploads/花.jpg", "uploads/%E8%8A%B1.jpg"),
            ("100%.txt", "100%25.txt"),
            ("a_b-c*.(1).png", "a_b-c*.%281%29.png"),
        ] {
            assert_eq!(encode_key(key), expected);
        }
    }
}

//! Filter policies of SNS subscriptions: which messages of a topic a subscriber gets, by their attributes or by their
//! body.
//!
//! Sources: <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>,
//! <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>.

use std::fmt;

use serde_json::Value;

use crate::pattern::{Dialect, Mismatch, Pattern};
use crate::sqs::{AttributeValue, MessageAttribute, MessageAttributes};

/// How many fields a policy may name at its top.
pub const MAX_KEYS: usize = 5;

/// How many combinations of values a policy may have.
pub const MAX_COMBINATIONS: usize = 150;

/// How large a policy may be, in bytes.
pub const MAX_POLICY_BYTES: usize = 256 * 1024;

/// What a policy looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FilterPolicyScope {
    /// The message's attributes, which have no inner fields.
    #[default]
    MessageAttributes,
    /// The message's body, which has to be a JSON object.
    MessageBody,
}

/// A valid policy.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterPolicy {
    scope: FilterPolicyScope,
    pattern: Pattern,
}

/// Why a policy is refused, in the words of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFilterPolicy(String);

impl FilterPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// In AWS's words, when the text is not a policy or is too large.
    pub fn parse(scope: FilterPolicyScope, text: &str) -> Result<FilterPolicy, InvalidFilterPolicy> {
        let refuse = |reason: &str| Err(InvalidFilterPolicy(reason.to_owned()));
        if text.len() > MAX_POLICY_BYTES {
            return refuse("FilterPolicy: Filter policy is too large");
        }
        let pattern = Pattern::parse_as(Dialect::Sns, text)
            .map_err(|error| InvalidFilterPolicy(format!("FilterPolicy: {}", error.reason())))?;
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        if json.as_object().is_some_and(|fields| fields.len() > MAX_KEYS) {
            return refuse("FilterPolicy: Filter policy can not have more than 5 keys");
        }
        if scope == FilterPolicyScope::MessageAttributes && is_nested(&json) {
            return refuse("Filter policy scope MessageAttributes does not support nested filter policy");
        }
        if combinations(&json, 1) > MAX_COMBINATIONS {
            return refuse("FilterPolicy: Filter policy is too complex");
        }
        Ok(FilterPolicy { scope, pattern })
    }

    /// What it looks at.
    pub fn scope(&self) -> FilterPolicyScope {
        self.scope
    }

    /// The text that it was read from.
    pub fn as_str(&self) -> &str {
        self.pattern.as_str()
    }

    /// Whether the subscriber gets a message.
    pub fn matches(&self, body: &str, attributes: &MessageAttributes) -> bool {
        self.seen(body, attributes).is_some_and(|seen| self.pattern.matches(&seen))
    }

    /// Why the subscriber does not get a message.
    pub fn mismatches(&self, body: &str, attributes: &MessageAttributes) -> Vec<Mismatch> {
        match self.seen(body, attributes) {
            Some(seen) => self.pattern.mismatches(&seen),
            None => vec![Mismatch {
                path: String::new(),
                wanted: "a body that is a JSON object".to_owned(),
                got: body.to_owned(),
            }],
        }
    }

    /// What the policy sees of a message; none when the body is not a JSON object.
    fn seen(&self, body: &str, attributes: &MessageAttributes) -> Option<Value> {
        match self.scope {
            FilterPolicyScope::MessageBody => serde_json::from_str(body).ok().filter(Value::is_object),
            FilterPolicyScope::MessageAttributes => {
                let named = |(name, attribute): (&String, &MessageAttribute)| {
                    comparable(attribute).map(|value| (name.clone(), value))
                };
                Some(Value::Object(attributes.iter().filter_map(named).collect()))
            }
        }
    }
}

/// What a policy compares with: `String`, `Number` and `String.Array`; no binary values, and not what is not of its
/// type.
fn comparable(attribute: &MessageAttribute) -> Option<Value> {
    let AttributeValue::String(text) = &attribute.value else { return None };
    match attribute.data_type.as_str() {
        "String" => Some(Value::String(text.clone())),
        "Number" => serde_json::from_str(text).ok().filter(Value::is_number),
        "String.Array" => serde_json::from_str(text).ok().filter(Value::is_array),
        _ => None,
    }
}

/// Whether a field has fields of its own; the members of `$or` do not count as such.
fn is_nested(policy: &Value) -> bool {
    let Some(fields) = policy.as_object() else { return false };
    fields.iter().any(|(name, value)| match value {
        Value::Array(members) if name == "$or" => members.iter().any(is_nested),
        value => value.is_object(),
    })
}

/// The product of the numbers of values, each times its depth; the members of `$or` add up.
///
/// Source:
/// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html#subscription-filter-policy-payload-constraints>.
fn combinations(policy: &Value, depth: usize) -> usize {
    let Some(fields) = policy.as_object() else { return 1 };
    fields.iter().fold(1, |product, (name, value)| {
        let factor = match value {
            Value::Array(members) if name == "$or" => members.iter().map(|member| combinations(member, depth)).sum(),
            Value::Array(values) => values.len() * depth,
            value => combinations(value, depth + 1),
        };
        product.saturating_mul(factor)
    })
}

/// `Invalid parameter: FilterPolicy: Empty arrays are not allowed`.
impl fmt::Display for InvalidFilterPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid parameter: {}", self.0)
    }
}

impl std::error::Error for InvalidFilterPolicy {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ATTRIBUTES: FilterPolicyScope = FilterPolicyScope::MessageAttributes;
    const BODY: FilterPolicyScope = FilterPolicyScope::MessageBody;

    fn attribute(data_type: &str, value: &str) -> MessageAttributes {
        let value = AttributeValue::String(value.to_owned());
        let attribute = MessageAttribute { data_type: data_type.to_owned(), value };
        MessageAttributes::from([("key".to_owned(), attribute)])
    }

    #[test]
    fn attributes_compare_by_their_type() {
        for (condition, data_type, value, expected) in [
            (json!("rugby"), "String", "rugby", true),
            (json!("rugby"), "String", "Rugby", false),
            (json!("rugby"), "String.Array", r#"["tennis","rugby"]"#, true),
            (json!("rugby"), "String.Array", r#"["tennis"]"#, false),
            (json!(true), "String.Array", "[true]", true),
            (json!({ "anything-but": ["rugby"] }), "String.Array", r#"["rugby","baseball"]"#, true),
            (json!({ "anything-but": ["rugby"] }), "String.Array", r#"["rugby"]"#, false),
            (json!({ "anything-but": { "prefix": "order-" } }), "String", "order-cancelled", false),
            (json!({ "anything-but": { "suffix": "ball" } }), "String", "rugby", true),
            (json!({ "prefix": "bas" }), "String", "baseball", true),
            (json!({ "suffix": "ball" }), "String", "baseball", true),
            (json!({ "equals-ignore-case": "tennis" }), "String", "TENNIS", true),
            (json!({ "wildcard": "*ball" }), "String", "football", true),
            (json!({ "cidr": "10.0.0.0/24" }), "String", "10.0.0.9", true),
            (json!({ "numeric": ["=", 301.5] }), "Number", "3.015e2", true),
            (json!({ "numeric": [">", 100, "<", 200] }), "Number", "200", false),
            (json!({ "numeric": [">", 100] }), "String", "150", false),
            (json!({ "exists": true }), "String", "x", true),
            (json!({ "exists": true }), "Binary", "AA==", false),
        ] {
            let policy = json!({ "key": [condition] });
            let read = FilterPolicy::parse(ATTRIBUTES, &policy.to_string()).unwrap();
            assert_eq!(read.matches("", &attribute(data_type, value)), expected, "{policy} {data_type} {value}");
        }
    }

    #[test]
    fn a_policy_on_the_body_takes_json_objects_only() {
        let policy = FilterPolicy::parse(BODY, r#"{"order":{"total":[{"numeric":[">",10]}]}}"#).unwrap();
        let none = MessageAttributes::new();
        assert!(policy.matches(r#"{"order":{"total":11}}"#, &none));
        assert!(!policy.matches(r#"{"order":{"total":10}}"#, &none));
        assert!(!policy.matches("plain", &none));
        assert!(!policy.matches("[1]", &none));
        assert_eq!(policy.mismatches("plain", &none)[0].wanted, "a body that is a JSON object");
        let absent = FilterPolicy::parse(BODY, r#"{"order":[{"exists":false}]}"#).unwrap();
        assert!(!absent.matches("plain", &none));
    }

    #[test]
    fn or_and_absence_work_on_attributes() {
        let policy = r#"{"$or":[{"key":["a"]},{"other":["b"]}],"gone":[{"exists":false}]}"#;
        let policy = FilterPolicy::parse(ATTRIBUTES, policy).unwrap();
        assert!(policy.matches("", &attribute("String", "a")));
        assert!(!policy.matches("", &attribute("String", "b")));
    }

    #[test]
    fn what_is_too_much_is_refused_in_aws_words() {
        let refused = |scope, policy: Value| FilterPolicy::parse(scope, &policy.to_string()).unwrap_err().to_string();
        let six: std::collections::BTreeMap<String, Value> = (0..6).map(|n| (format!("k{n}"), json!(["x"]))).collect();
        assert_eq!(
            refused(BODY, json!(six)),
            "Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys"
        );
        assert_eq!(
            refused(ATTRIBUTES, json!({ "a": { "b": ["x"] } })),
            "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
        );
        // AWS's own example of the count: three values at depth two times four at depth three is 72.
        let nested = json!({ "key_a": { "key_b": { "key_c": [1, 2, 3, 4] } }, "key_d": { "key_e": [1, 2, 3] } });
        assert_eq!(combinations(&nested, 1), 72);
        let many: Vec<usize> = (0..13).collect();
        assert_eq!(
            refused(ATTRIBUTES, json!({ "a": many, "b": many })),
            "Invalid parameter: FilterPolicy: Filter policy is too complex"
        );
        assert_eq!(refused(BODY, json!({ "a": [] })), "Invalid parameter: FilterPolicy: Empty arrays are not allowed");
    }
}

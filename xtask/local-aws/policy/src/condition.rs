//! Conditions: an operator, a key of the request, and the values that it is compared with.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

use std::net::IpAddr;

use serde_json::Value;

use crate::document::texts;
use crate::pattern::{arn_matches, matches};
use crate::request::Request;

/// One line of a condition block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    key: String,
    values: Vec<String>,
    operator: Operator,
    is_negated: bool,
    if_exists: bool,
    set: Option<Set>,
}

/// For keys that have several values in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Text,
    TextIgnoringCase,
    TextLike,
    Number(Order),
    Date(Order),
    Bool,
    Ip,
    Arn,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Order::Equal => left == right,
            Order::Less => left < right,
            Order::LessOrEqual => left <= right,
            Order::Greater => left > right,
            Order::GreaterOrEqual => left >= right,
        }
    }

    fn named(name: &str) -> Option<(Order, bool)> {
        Some(match name {
            "Equals" => (Order::Equal, false),
            "NotEquals" => (Order::Equal, true),
            "LessThan" => (Order::Less, false),
            "LessThanEquals" => (Order::LessOrEqual, false),
            "GreaterThan" => (Order::Greater, false),
            "GreaterThanEquals" => (Order::GreaterOrEqual, false),
            _ => return None,
        })
    }
}

impl Condition {
    /// All lines of a condition block; all must hold.
    pub(crate) fn read_all(block: &Value) -> Result<Vec<Condition>, String> {
        let block = block.as_object().ok_or("Condition is an object of operators")?;
        let mut conditions = Vec::new();
        for (operator, keys) in block {
            let keys = keys.as_object().ok_or_else(|| format!("{operator} is an object of condition keys"))?;
            for (key, values) in keys {
                conditions.push(Condition::read(operator, key, values)?);
            }
        }
        Ok(conditions)
    }

    fn read(full_name: &str, key: &str, values: &Value) -> Result<Condition, String> {
        let (set, name) = match full_name.split_once(':') {
            Some(("ForAllValues", name)) => (Some(Set::All), name),
            Some(("ForAnyValue", name)) => (Some(Set::Any), name),
            _ => (None, full_name),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (operator, is_negated) =
            operator(name).ok_or_else(|| format!("there is no condition operator {full_name}"))?;
        let values = match values {
            Value::Bool(value) => vec![value.to_string()],
            Value::Number(value) => vec![value.to_string()],
            _ => texts(key, values)?,
        };
        if let Some(bad) = values.iter().find(|value| !value.contains("${") && !operator.accepts(value)) {
            return Err(format!("{full_name} cannot compare {key} with {bad}"));
        }
        Ok(Condition { key: key.to_owned(), values, operator, is_negated, if_exists, set })
    }

    /// Whether it holds for the request. `fill` puts values into policy variables.
    pub(crate) fn holds(&self, request: &Request, fill: &impl Fn(&str) -> Option<String>) -> bool {
        let found = request.values(&self.key);
        if self.operator == Operator::Null {
            let wanted = self.values.iter().any(|value| value.eq_ignore_ascii_case("true"));
            return wanted == found.is_none();
        }
        let Some(found) = found else {
            // What is not there equals nothing; over no values, "all" holds and "any" does not.
            return match self.set {
                Some(Set::All) => true,
                Some(Set::Any) => self.if_exists,
                None => self.if_exists || self.is_negated,
            };
        };
        let one = |actual: &String| {
            let fits =
                self.values.iter().filter_map(|value| fill(value)).any(|value| self.operator.fits(&value, actual));
            fits != self.is_negated
        };
        match self.set {
            Some(Set::Any) => found.iter().any(one),
            Some(Set::All) => found.iter().all(one),
            None if self.is_negated => found.iter().all(one),
            None => found.iter().any(one),
        }
    }
}

fn operator(name: &str) -> Option<(Operator, bool)> {
    Some(match name {
        "StringEquals" => (Operator::Text, false),
        "StringNotEquals" => (Operator::Text, true),
        "StringEqualsIgnoreCase" => (Operator::TextIgnoringCase, false),
        "StringNotEqualsIgnoreCase" => (Operator::TextIgnoringCase, true),
        "StringLike" => (Operator::TextLike, false),
        "StringNotLike" => (Operator::TextLike, true),
        "Bool" => (Operator::Bool, false),
        "BinaryEquals" => (Operator::Text, false),
        "IpAddress" => (Operator::Ip, false),
        "NotIpAddress" => (Operator::Ip, true),
        "ArnEquals" | "ArnLike" => (Operator::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Operator::Arn, true),
        "Null" => (Operator::Null, false),
        _ => {
            if let Some(order) = name.strip_prefix("Numeric") {
                let (order, is_negated) = Order::named(order)?;
                return Some((Operator::Number(order), is_negated));
            }
            let (order, is_negated) = Order::named(name.strip_prefix("Date")?)?;
            (Operator::Date(order), is_negated)
        }
    })
}

impl Operator {
    /// Whether a policy may name this value.
    fn accepts(self, value: &str) -> bool {
        match self {
            Operator::Number(_) => number(value).is_some(),
            Operator::Date(_) => date(value).is_some(),
            Operator::Bool | Operator::Null => ["true", "false"].contains(&value.to_ascii_lowercase().as_str()),
            Operator::Ip => network(value).is_some(),
            Operator::Text | Operator::TextIgnoringCase | Operator::TextLike | Operator::Arn => true,
        }
    }

    fn fits(self, wanted: &str, actual: &str) -> bool {
        match self {
            Operator::Text => wanted == actual,
            Operator::TextIgnoringCase => wanted.to_lowercase() == actual.to_lowercase(),
            Operator::TextLike => matches(wanted, actual),
            Operator::Arn => arn_matches(wanted, actual),
            Operator::Bool => wanted.eq_ignore_ascii_case(actual),
            Operator::Number(order) => match (number(actual), number(wanted)) {
                (Some(actual), Some(wanted)) => order.holds(actual, wanted),
                _ => false,
            },
            Operator::Date(order) => match (date(actual), date(wanted)) {
                (Some(actual), Some(wanted)) => order.holds(actual, wanted),
                _ => false,
            },
            Operator::Ip => match (network(wanted), actual.parse()) {
                (Some(network), Ok(address)) => contains(network, address),
                _ => false,
            },
            Operator::Null => false,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Milliseconds since 1970, from seconds or from ISO 8601: a date, or a date and a time with `Z` or an offset.
fn date(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000);
    }
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut parts = day.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(at);
    let mut parts = clock.split(':').map(|part| part.parse::<f64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0.0))?);
    let offset = match zone {
        "" | "Z" => 0,
        zone => {
            let (sign, digits) = zone.split_at(1);
            let (hours, minutes) = digits.split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            if sign == "-" { -minutes } else { minutes }
        }
    };
    let seconds = hour * 3600.0 + minute * 60.0 + second;
    Some((days_since_1970(year, month, day) * 86_400 - offset * 60) * 1000 + (seconds * 1000.0).round() as i64)
}

/// The civil calendar counted from 1 March, so that a leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address.parse().ok()?, Some(bits.parse().ok()?)),
        None => (text.parse().ok()?, None),
    };
    let all = if matches!(address, IpAddr::V4(_)) { 32 } else { 128 };
    Some((address, bits.unwrap_or(all))).filter(|(_, bits)| *bits <= all)
}

fn contains((network, bits): (IpAddr, u32), address: IpAddr) -> bool {
    let same = |left: u128, right: u128, all: u32| bits == 0 || (left ^ right) >> (all - bits) == 0;
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => same(u32::from(network).into(), u32::from(address).into(), 32),
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.into(), address.into(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_instants() {
        assert_eq!(date("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(date("2026-11-24T08:30:00+08:00"), date("2026-11-24T00:30:00Z"));
        assert_eq!(date("2024-02-29"), date("1709164800"));
        assert_eq!(date("2024-13-01"), None);
        assert_eq!(date("yesterday"), None);
    }

    #[test]
    fn networks_contain_their_addresses() {
        let inside = |text: &str, address: &str| contains(network(text).unwrap(), address.parse().unwrap());
        assert!(inside("203.0.113.0/24", "203.0.113.77") && !inside("203.0.113.0/24", "203.0.114.1"));
        assert!(inside("2001:db8::/32", "2001:db8::7") && !inside("2001:db8::/32", "203.0.113.1"));
        assert!(inside("0.0.0.0/0", "198.51.100.1"));
        assert_eq!(network("203.0.113.0/33"), None);
    }
}

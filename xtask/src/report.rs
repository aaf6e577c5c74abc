//! Reads the report that a check writes where `LOCAL_LAMBDA_REPORT` says: JSON lines, version 1. What is unknown in
//! it is passed over.

use std::path::Path;

use serde_json::Value;

/// The steps of one run of a check.
#[derive(Debug, Default)]
pub struct Report {
    steps: Vec<Value>,
}

impl Report {
    /// The report at `path`; an empty one when the check wrote none.
    #[must_use]
    pub fn read(path: &Path) -> Report {
        Report::parse(&String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()))
    }

    #[must_use]
    pub fn parse(text: &str) -> Report {
        let steps = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Report { steps: steps.filter(|step| step["version"] == 1).collect() }
    }

    /// The first expectation of `test` that failed.
    #[must_use]
    pub fn failed_step(&self, test: &str) -> Option<&Value> {
        self.steps.iter().find(|step| step["step"] == "failed" && step["test"] == test)
    }

    /// Every event that was sent, with the test that sent it, in order. One that the report cuts is known by its
    /// beginning and its size.
    pub fn sent(&self) -> impl Iterator<Item = (&str, String)> {
        let invoked = self.steps.iter().filter(|step| step["step"] == "invoked");
        invoked.filter_map(|step| {
            Some((step["test"].as_str()?, format!("{}|{}", step["event"]["bytes"], step["event"]["text"])))
        })
    }

    /// Every payload that the function answered with, in order.
    pub fn payloads(&self) -> impl Iterator<Item = &str> {
        let invoked = self.steps.iter().filter(|step| step["step"] == "invoked");
        invoked.filter(|step| step["outcome"]["fate"] == "response").filter_map(|s| s["outcome"]["payload"].as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_versions_and_broken_lines_are_passed_over() {
        let report = Report::parse(
            "{\"version\":2,\"step\":\"failed\",\"test\":\"a\"}\nnot json\n\
             {\"version\":1,\"step\":\"failed\",\"test\":\"a\",\"line\":3}\n\
             {\"version\":1,\"step\":\"invoked\",\"test\":\"a\",\"outcome\":{\"fate\":\"response\",\"payload\":\"{}\"}}\n",
        );
        assert_eq!(report.failed_step("a").map(|step| step["line"].clone()), Some(Value::from(3)));
        assert_eq!(report.payloads().collect::<Vec<_>>(), ["{}"]);
    }
}

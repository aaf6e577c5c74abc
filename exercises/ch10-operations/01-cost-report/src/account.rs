//! Two calls to AWS, played back from what the event brings along: each answers with a page, and with a token for the
//! next one if there is more. Given as it is.

use std::collections::BTreeMap;

use lambda_runtime::Diagnostic;
use serde::Deserialize;

use crate::money::Architecture;

/// What `ListFunctions` and `FilterLogEvents` answer in this account.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Account {
    list_functions: Vec<FunctionPage>,
    /// By the name of the log group.
    filter_log_events: BTreeMap<String, Vec<LogPage>>,
}

/// An answer of `ListFunctions` with `FunctionVersion=ALL`: at most fifty versions.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FunctionPage {
    pub(crate) functions: Vec<Version>,
    /// Where the next page begins; none on the last one.
    pub(crate) next_marker: Option<String>,
}

/// One version of a function, `$LATEST` included.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Version {
    pub(crate) function_name: String,
    /// `$LATEST`, or a number as text.
    pub(crate) version: String,
    /// Always one.
    pub(crate) architectures: [Architecture; 1],
    pub(crate) ephemeral_storage: EphemeralStorage,
    pub(crate) logging_config: LoggingConfig,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EphemeralStorage {
    /// In MB.
    pub(crate) size: u128,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LoggingConfig {
    pub(crate) log_group: String,
}

/// An answer of `FilterLogEvents`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogPage {
    pub(crate) events: Vec<LogEvent>,
    /// Where the next page begins; none on the last one.
    pub(crate) next_token: Option<String>,
}

/// One line of a log.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogEvent {
    /// The id of this line: no two lines of an account have the same.
    pub(crate) event_id: String,
    pub(crate) log_stream_name: String,
    pub(crate) message: String,
}

impl Account {
    /// The page that the marker leads to; the first one without a marker.
    ///
    /// # Errors
    /// `InvalidParameterValueException` where no page before has this marker.
    pub(crate) fn list_functions(&self, marker: Option<&str>) -> Result<&FunctionPage, Diagnostic> {
        let next = |page: &FunctionPage| page.next_marker.clone();
        page(&self.list_functions, marker, next).ok_or_else(|| failure("InvalidParameterValueException", marker))
    }

    /// The page of a log group that the token leads to; the first one without a token. Only lines of the month.
    ///
    /// # Errors
    /// `ResourceNotFoundException` where there is no such log group, which is so until a function has run;
    /// `InvalidParameterException` where no page before has this token.
    pub(crate) fn filter_log_events(&self, group: &str, token: Option<&str>) -> Result<&LogPage, Diagnostic> {
        let pages =
            self.filter_log_events.get(group).ok_or_else(|| failure("ResourceNotFoundException", Some(group)))?;
        let next = |page: &LogPage| page.next_token.clone();
        page(pages, token, next).ok_or_else(|| failure("InvalidParameterException", token))
    }
}

fn page<'p, P>(pages: &'p [P], token: Option<&str>, next: impl Fn(&P) -> Option<String>) -> Option<&'p P> {
    match token {
        None => pages.first(),
        Some(token) => pages.get(pages.iter().position(|page| next(page).as_deref() == Some(token))? + 1),
    }
}

fn failure(error_type: &str, about: Option<&str>) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: about.unwrap_or("there are no pages").to_owned() }
}

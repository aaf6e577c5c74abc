//! An alias as `GetAlias` tells of it, and a change as `UpdateAlias` wants it.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/api/API_GetAlias.html>,
//! <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Alias {
    function_version: String,
    #[serde(default)]
    routing_config: Option<RoutingConfig>,
    /// Another one after each change, whatever was changed.
    pub(crate) revision_id: String,
}

/// Where invocations of an alias go: all to one version, or a share of them to a second one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Routing {
    pub(crate) version: String,
    /// The second version, and its share from 0.0 to 1.0.
    pub(crate) second: Option<(String, f64)>,
}

impl Alias {
    pub(crate) fn routing(&self) -> Routing {
        let weights = self.routing_config.as_ref().map(|config| &config.additional_version_weights);
        let second = weights.and_then(|weights| weights.first_key_value());
        Routing {
            version: self.function_version.clone(),
            second: second.map(|(version, weight)| (version.clone(), *weight)),
        }
    }
}

/// The body of `UpdateAlias`. What is `None` is not sent, and what is not sent stays as it is.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateAlias {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) routing_config: Option<RoutingConfig>,
    /// The change is refused unless the alias still has this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RoutingConfig {
    /// One second version at the most, with its share.
    #[serde(default)]
    pub(crate) additional_version_weights: BTreeMap<String, f64>,
}

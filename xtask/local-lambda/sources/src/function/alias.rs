//! Versions and aliases.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html>.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use local_lambda::{Event, Ids};

use super::{FunctionRef, InvokeRequest, LATEST, LambdaFunction};
use crate::core::{Core, lock};
use crate::target::{Answer, Target};
use crate::trace::{Entry, What};

/// What can be invoked: `$LATEST`, published versions, and aliases that point to them.
#[derive(Debug)]
pub(super) struct Catalogue {
    latest: Target,
    /// How often the code was replaced.
    replaced: u64,
    published: BTreeMap<u32, Target>,
    /// The number that was given last; none is given twice.
    last: u32,
    aliases: BTreeMap<String, Routing>,
}

/// A version of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `$LATEST`, the one that is edited.
    Latest,
    /// One that was published, by its number.
    Published(u32),
}

impl From<u32> for Version {
    fn from(number: u32) -> Version {
        Version::Published(number)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::Latest => f.write_str(LATEST),
            Version::Published(number) => number.fmt(f),
        }
    }
}

/// Where an alias points to.
#[derive(Debug, Clone, PartialEq)]
struct Routing {
    version: Version,
    /// A second version, and which part of the invocations goes to it.
    additional: Option<(u32, f64)>,
}

impl Catalogue {
    pub(super) fn new(latest: Target) -> Catalogue {
        Catalogue { latest, replaced: 0, published: BTreeMap::new(), last: 0, aliases: BTreeMap::new() }
    }

    /// The version that runs when the function is invoked by this qualifier, and what runs for it. For an alias with
    /// two versions it is drawn, anew for each invocation.
    pub(super) fn resolve(&self, core: &Core, qualifier: Option<&str>) -> (String, Target) {
        let qualifier = qualifier.unwrap_or(LATEST);
        let version = match self.aliases.get(qualifier) {
            Some(routing) => routing.draw(core),
            None => qualifier.parse().map_or(Version::Latest, Version::Published),
        };
        let target = match version {
            Version::Latest => &self.latest,
            Version::Published(number) => self.published.get(&number).unwrap_or(&self.latest),
        };
        (version.to_string(), target.clone())
    }

    pub(super) fn replace_latest(&mut self, code: Target) {
        self.latest = code;
        self.replaced += 1;
    }

    fn knows(&self, qualifier: &str) -> bool {
        let is_published = |version| self.published.contains_key(&version);
        qualifier == LATEST || self.aliases.contains_key(qualifier) || qualifier.parse().is_ok_and(is_published)
    }
}

impl Routing {
    fn draw(&self, core: &Core) -> Version {
        let Some((second, weight)) = self.additional else { return self.version };
        // 53 bits are what a float can tell apart between 0 and 1.
        let part = (core.draw(Ids::draw) >> 11) as f64 / (1_u64 << 53) as f64;
        if part < weight { Version::Published(second) } else { self.version }
    }

    fn points_to(&self, number: u32) -> bool {
        self.version == Version::Published(number) || self.additional.is_some_and(|(second, _)| second == number)
    }

    fn words(&self) -> String {
        match self.additional {
            None => format!("version {}", self.version),
            Some((second, weight)) => format!("version {}, {}% version {second}", self.version, weight * 100.0),
        }
    }
}

impl LambdaFunction {
    /// Replaces the code of `$LATEST`. Published versions stay as they are.
    ///
    /// # Panics
    /// When the new code is that of a function with another name.
    #[track_caller]
    pub fn update_code(&self, code: impl Into<Target>) {
        let target = code.into();
        self.assert_own(&target);
        lock(&self.state.catalogue).replace_latest(target);
    }

    #[track_caller]
    pub(super) fn assert_own(&self, code: &Target) {
        let (name, own) = (code.name(), self.name());
        assert!(name == own, "the code of {own} cannot be that of {name}: give both the same name");
    }

    /// How often the code of `$LATEST` was replaced: the same number means the same code.
    pub fn code_revision(&self) -> u64 {
        lock(&self.state.catalogue).replaced
    }

    /// The versions that were published, in order.
    pub fn versions(&self) -> Vec<u32> {
        lock(&self.state.catalogue).published.keys().copied().collect()
    }

    /// The aliases, by name.
    pub fn aliases(&self) -> Vec<Alias> {
        let catalogue = lock(&self.state.catalogue);
        catalogue.aliases.keys().map(|name| Alias { function: self.clone(), name: name.clone() }).collect()
    }

    /// Publishes `$LATEST` as a version that does not change any more; gives its number: 1, 2, 3.
    pub fn publish_version(&self) -> u32 {
        let mut catalogue = lock(&self.state.catalogue);
        let number = catalogue.last + 1;
        catalogue.last = number;
        let latest = catalogue.latest.clone();
        catalogue.published.insert(number, latest);
        number
    }

    /// Deletes a published version; its number is not given again.
    ///
    /// # Errors
    /// The names of the aliases that point to it, which stays then.
    pub fn delete_version(&self, number: u32) -> Result<(), Vec<String>> {
        let mut catalogue = lock(&self.state.catalogue);
        let aliases = catalogue.aliases.iter().filter(|(_, routing)| routing.points_to(number));
        let names: Vec<String> = aliases.map(|(name, _)| name.clone()).collect();
        if !names.is_empty() {
            return Err(names);
        }
        catalogue.published.remove(&number);
        Ok(())
    }

    /// The function by one of its versions.
    ///
    /// # Panics
    /// When the version was not published.
    #[track_caller]
    pub fn version(&self, number: u32) -> FunctionRef {
        self.qualified(&number.to_string())
    }

    /// The function by a version or alias, as a front has it.
    pub fn find_qualified(&self, qualifier: &str) -> Option<FunctionRef> {
        let known = lock(&self.state.catalogue).knows(qualifier);
        known.then(|| FunctionRef { qualifier: Some(qualifier.to_owned()), ..self.reference() })
    }

    #[track_caller]
    fn qualified(&self, qualifier: &str) -> FunctionRef {
        match self.find_qualified(qualifier) {
            Some(function) => function,
            None => panic!("{} has no version or alias {qualifier}", self.name()),
        }
    }

    /// Makes an alias that points to a version, by its number or [`Version::Latest`].
    ///
    /// # Panics
    /// When there is an alias with this name, or the version was not published.
    #[track_caller]
    pub fn alias(&self, name: &str, version: impl Into<Version>) -> Alias {
        assert!(self.find_qualified(name).is_none(), "{} has the alias {name} already", self.name());
        assert!(name.parse::<u32>().is_err(), "an alias cannot have a number as its name: {name}");
        let alias = Alias { function: self.clone(), name: name.to_owned() };
        alias.set(Routing { version: version.into(), additional: None });
        alias
    }
}

/// A name for a version of a function, or for two of them with weights.
#[derive(Debug, Clone)]
pub struct Alias {
    function: LambdaFunction,
    name: String,
}

impl Alias {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version that it points to, and the second one with its weight, if there is one; nothing when the alias was
    /// deleted.
    pub fn routing(&self) -> Option<(Version, Option<(u32, f64)>)> {
        let catalogue = lock(&self.function.state.catalogue);
        catalogue.aliases.get(&self.name).map(|routing| (routing.version, routing.additional))
    }

    /// Deletes it; its name is free again.
    pub fn delete(&self) {
        lock(&self.function.state.catalogue).aliases.remove(&self.name);
    }

    /// Points it to one version alone.
    ///
    /// # Panics
    /// When the version was not published.
    #[track_caller]
    pub fn point_to(&self, version: impl Into<Version>) {
        self.set(Routing { version: version.into(), additional: None });
    }

    /// Sends this part of the invocations, 0 to 1, to a second version (`AdditionalVersionWeights`). Which of them is
    /// drawn for each invocation: with few of them the parts are far from what was configured, as on AWS.
    ///
    /// # Panics
    /// When the version was not published, is the one that the alias points to, or the weight is not between 0 and 1;
    /// and when the alias points to `$LATEST`, which shares with no other.
    #[track_caller]
    pub fn route(&self, version: u32, weight: f64) {
        let first = lock(&self.function.state.catalogue).aliases[&self.name].version;
        self.set_routing(first, Some((version, weight)));
    }

    /// Points it to one version, and to a second one with its weight, in one step.
    ///
    /// # Panics
    /// As [`Alias::route`].
    #[track_caller]
    pub fn set_routing(&self, version: impl Into<Version>, additional: Option<(u32, f64)>) {
        let version = version.into();
        if let Some((second, weight)) = additional {
            assert!((0.0..=1.0).contains(&weight), "a weight of {weight} is not between 0 and 1");
            assert!(version != Version::Latest, "$LATEST is not for an alias with a second version");
            assert!(
                version != Version::Published(second),
                "the alias {} points to version {second} already",
                self.name
            );
        }
        self.set(Routing { version, additional });
    }

    /// Invokes the function by this alias and waits for the answer.
    pub fn invoke(&self, event: impl Into<Event>) -> Answer {
        self.reference().invoke(event)
    }

    /// An invocation by this alias, to be described further.
    pub fn request(&self, event: impl Into<Event>) -> InvokeRequest {
        self.reference().request(event)
    }

    pub(super) fn reference(&self) -> FunctionRef {
        FunctionRef { qualifier: Some(self.name.clone()), ..self.function.reference() }
    }

    #[track_caller]
    fn set(&self, routing: Routing) {
        let (state, core): (_, &Arc<Core>) = (&self.function.state, &self.function.core);
        let mut catalogue = lock(&state.catalogue);
        let first = match routing.version {
            Version::Latest => None,
            Version::Published(number) => Some(number),
        };
        for version in [first, routing.additional.map(|(version, _)| version)].into_iter().flatten() {
            assert!(catalogue.published.contains_key(&version), "{} has no version {version}", state.name);
        }
        let words = format!("alias {}: {}", self.name, routing.words());
        catalogue.aliases.insert(self.name.clone(), routing);
        drop(catalogue);
        core.record(Entry::new(What::Configured, &state.name).detail(words));
    }
}

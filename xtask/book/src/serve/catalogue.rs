//! The catalogue: what `list --format json` says. Whatever a page names is looked up here and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

#[derive(Clone, Debug, Default)]
pub(super) struct Catalogue {
    exercises: BTreeMap<String, Files>,
    chapters: BTreeSet<String>,
    /// What to watch: its change may change the states.
    pub(super) watch: BTreeSet<PathBuf>,
    /// For pages, on one line.
    pub(super) document: String,
}

/// What can be opened in an editor, relative to the root.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) main: PathBuf,
    pub(super) check: PathBuf,
}

impl Catalogue {
    pub(super) fn read(document: &Value, root: &Path) -> Catalogue {
        let mut catalogue = Catalogue { document: document.to_string(), ..Catalogue::default() };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for exercise in document["exercises"].as_array().into_iter().flatten() {
            let name = text(&exercise["exercise"]);
            if let Some((chapter, _)) = name.split_once('/') {
                catalogue.chapters.insert(chapter.to_owned());
                let files = Files { main: text(&exercise["file"]).into(), check: text(&exercise["check"]).into() };
                catalogue.exercises.insert(name, files);
            }
        }
        let watch = document["watch"].as_array().into_iter().flatten().filter_map(Value::as_str);
        catalogue.watch = watch.map(|path| root.join(path)).collect();
        catalogue
    }

    /// The name as the catalogue has it: an exercise, or a chapter with all of its exercises.
    pub(super) fn target(&self, name: &str) -> Option<&str> {
        let exercise = self.exercises.get_key_value(name).map(|(name, _)| name);
        exercise.or_else(|| self.chapters.get(name)).map(String::as_str)
    }

    pub(super) fn exercise(&self, name: &str) -> Option<(&str, &Files)> {
        self.exercises.get_key_value(name).map(|(name, files)| (name.as_str(), files))
    }
}

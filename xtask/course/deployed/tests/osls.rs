//! What `osls` 4.3.1 made of a file, and what we make of it. Recorded by `osls package --stage live`; the bucket that
//! the tool makes for itself, the function's version and the place of its zip were taken out.

use deployed::serverless::compile;
use serde_json::Value;

const FILE: &str = include_str!("osls/serverless.yml");
const RECORDED: &str = include_str!("osls/live.json");

#[test]
fn the_template_is_the_tools() {
    let recorded: Value = serde_json::from_str(RECORDED).expect("a template");
    let compiled = compile(FILE, Some("live")).expect("the tool takes the file");
    let ours = compiled.template["Resources"].as_object().expect("resources");
    let theirs = recorded["Resources"].as_object().expect("resources");
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (id, theirs) in theirs {
        let ours = &ours[id];
        let mut properties = ours["Properties"].clone();
        if id == "ImporterLambdaFunction" {
            properties.as_object_mut().expect("properties").remove("Code");
        }
        assert_eq!(properties, theirs["Properties"], "{id}");
        assert_eq!(ours["DeletionPolicy"], theirs["DeletionPolicy"], "{id}");
    }
}

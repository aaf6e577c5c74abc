//! The table of event patterns: AWS's own examples, then the edges.

use serde_json::json;

use super::*;

#[track_caller]
fn check(pattern: Value, event: Value, expected: bool) {
    let read = Pattern::parse(&pattern.to_string()).unwrap();
    assert_eq!(read.matches(&event), expected, "{pattern} {event}");
    assert_eq!(read.mismatches(&event).is_empty(), expected, "{pattern} {event}");
}

#[track_caller]
fn reason(text: &str) -> String {
    Pattern::parse(text).expect_err(text).reason().to_owned()
}

#[test]
fn every_named_field_has_to_have_one_of_its_values() {
    let pattern = json!({ "source": ["shop.orders"], "detail": { "state": ["placed", "paid"] } });
    check(pattern.clone(), json!({ "source": "shop.orders", "detail": { "state": "paid", "total": 3 } }), true);
    check(pattern.clone(), json!({ "source": "shop.orders", "detail": { "state": "sent" } }), false);
    check(pattern.clone(), json!({ "source": "shop.prints", "detail": { "state": "paid" } }), false);
    check(pattern, json!({ "source": "shop.orders" }), false);
}

#[test]
fn absent_null_and_empty_are_three_things() {
    for (wanted, absent, null, empty) in [
        (json!([null]), false, true, false),
        (json!([""]), false, false, true),
        (json!([{ "exists": true }]), false, true, true),
        (json!([{ "exists": false }]), true, false, false),
        (json!([{ "prefix": "" }]), false, false, true),
        (json!([{ "anything-but": "x" }]), false, true, true),
    ] {
        let pattern = json!({ "name": wanted });
        check(pattern.clone(), json!({}), absent);
        check(pattern.clone(), json!({ "name": null }), null);
        check(pattern, json!({ "name": "" }), empty);
    }
}

#[test]
fn values_compare_by_type_and_by_how_they_are_written() {
    for (wanted, value, expected) in [
        (json!(5), json!(5), true),
        (json!(5), json!("5"), false),
        (json!("5"), json!(5), false),
        (json!(300), json!(300.0), false),
        (json!(true), json!(true), true),
        (json!(true), json!("true"), false),
        (json!("Alice"), json!("alice"), false),
        (json!(123_456_789_012_i64), json!(123_456_789_012_i64), true),
    ] {
        check(json!({ "field": [wanted] }), json!({ "field": value }), expected);
    }
}

#[test]
fn each_operator_takes_what_it_is_for() {
    for (operator, value, expected) in [
        (json!({ "prefix": "us-" }), json!("us-east-1"), true),
        (json!({ "prefix": "us-" }), json!("eu-west-1"), false),
        (json!({ "prefix": "5" }), json!(5), false),
        (json!({ "prefix": { "equals-ignore-case": "EVENTB" } }), json!("eventbridge"), true),
        (json!({ "suffix": ".png" }), json!("a.png"), true),
        (json!({ "suffix": ".png" }), json!("a.PNG"), false),
        (json!({ "suffix": { "equals-ignore-case": ".png" } }), json!("a.PNG"), true),
        (json!({ "equals-ignore-case": "alice" }), json!("ALICE"), true),
        (json!({ "equals-ignore-case": "alice" }), json!("alic"), false),
        (json!({ "exactly": "alice" }), json!("alice"), true),
        (json!({ "anything-but": "initializing" }), json!("running"), true),
        (json!({ "anything-but": "initializing" }), json!("initializing"), false),
        (json!({ "anything-but": ["stopped", "overloaded"] }), json!("overloaded"), false),
        (json!({ "anything-but": "initializing" }), json!(7), true),
        (json!({ "anything-but": [100, 200] }), json!(200), false),
        (json!({ "anything-but": [100, 200] }), json!(200.0), false),
        (json!({ "anything-but": [100, 200] }), json!("200"), true),
        (json!({ "anything-but": { "prefix": "init" } }), json!("initial"), false),
        (json!({ "anything-but": { "prefix": ["a", "b"] } }), json!("cat"), true),
        (json!({ "anything-but": { "suffix": ".png" } }), json!("a.jpg"), true),
        (json!({ "anything-but": { "equals-ignore-case": ["INIT"] } }), json!("init"), false),
        (json!({ "anything-but": { "wildcard": "*/lib/*" } }), json!("src/lib/a"), false),
        (json!({ "anything-but": { "wildcard": "*/lib/*" } }), json!("src/bin/a"), true),
        (json!({ "numeric": [">", 0, "<=", 5] }), json!(5), true),
        (json!({ "numeric": [">", 0, "<=", 5] }), json!(0), false),
        (json!({ "numeric": [">", 0, "<=", 5] }), json!("3"), false),
        (json!({ "numeric": ["=", 3.018e2] }), json!(301.8), true),
        (json!({ "numeric": ["=", 300] }), json!(300.0), true),
        (json!({ "numeric": ["<", 0] }), json!(-6.0e9), false),
        (json!({ "cidr": "10.0.0.0/24" }), json!("10.0.0.255"), true),
        (json!({ "cidr": "10.0.0.0/24" }), json!("10.0.1.0"), false),
        (json!({ "wildcard": "dir/*.png" }), json!("dir/a.png"), true),
    ] {
        check(json!({ "field": [operator] }), json!({ "field": value }), expected);
    }
}

#[test]
fn an_array_of_values_matches_by_any_of_its_elements() {
    let pattern = json!({ "resources": ["arn:b", "arn:c"] });
    check(pattern.clone(), json!({ "resources": ["arn:a", "arn:b"] }), true);
    check(pattern.clone(), json!({ "resources": ["arn:a", ["arn:c"]] }), true);
    check(pattern.clone(), json!({ "resources": ["arn:a"] }), false);
    check(pattern, json!({ "resources": [] }), false);
    check(json!({ "tags": [{ "anything-but": "old" }] }), json!({ "tags": ["old", "new"] }), true);
    check(json!({ "tags": [{ "anything-but": "old" }] }), json!({ "tags": ["old"] }), false);
    check(json!({ "tags": [{ "exists": false }] }), json!({ "tags": [] }), true);
}

#[test]
fn fields_of_an_array_of_objects_are_taken_from_one_element() {
    let pattern = json!({ "items": { "size": ["A4"], "count": [{ "numeric": [">", 1] }] } });
    check(pattern.clone(), json!({ "items": [{ "size": "A4", "count": 2 }, { "size": "A3", "count": 1 }] }), true);
    check(pattern, json!({ "items": [{ "size": "A4", "count": 1 }, { "size": "A3", "count": 2 }] }), false);
}

#[test]
fn exists_sees_leaves_only() {
    check(json!({ "detail": { "a": [{ "exists": true }] } }), json!({ "detail": { "a": { "b": 1 } } }), false);
    check(json!({ "detail": { "a": [{ "exists": false }] } }), json!({ "detail": { "a": { "b": 1 } } }), true);
    check(json!({ "detail": { "a": [{ "exists": false }] } }), json!({ "detail": "text" }), true);
    check(json!({ "a": [{ "exists": false }, "x"] }), json!({ "a": "x" }), true);
}

#[test]
fn or_means_either_of_its_members_and_everything_beside_it() {
    let pattern = json!({
        "source": ["shop"],
        "$or": [{ "detail": { "total": [{ "numeric": [">", 100] }] } }, { "detail": { "rush": [true] } }],
    });
    check(pattern.clone(), json!({ "source": "shop", "detail": { "total": 101 } }), true);
    check(pattern.clone(), json!({ "source": "shop", "detail": { "total": 1, "rush": true } }), true);
    check(pattern.clone(), json!({ "source": "shop", "detail": { "total": 1 } }), false);
    check(pattern, json!({ "source": "else", "detail": { "rush": true } }), false);
    let nested = json!({ "a": { "$or": [{ "b": [1], "$or": [{ "c": [1] }, { "d": [1] }] }, { "e": [1] }] } });
    check(nested.clone(), json!({ "a": { "b": 1, "d": 1 } }), true);
    check(nested.clone(), json!({ "a": { "b": 1 } }), false);
    check(nested, json!({ "a": { "e": 1 } }), true);
}

#[test]
fn a_name_that_stands_twice_is_read_twice() {
    // The form of AWS's example for "old state and new state":
    // https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html#filtering-ddb-boolean
    let pattern = Pattern::parse(r#"{ "dynamodb": { "new": ["a"] }, "dynamodb": { "old": ["b"] } }"#).unwrap();
    assert!(pattern.matches(&json!({ "dynamodb": { "new": "a", "old": "b" } })));
    assert!(!pattern.matches(&json!({ "dynamodb": { "new": "a" } })));
    assert!(!pattern.matches(&json!({ "dynamodb": { "old": "b" } })));
    let value_and_object = Pattern::parse(r#"{ "a": ["x"], "a": { "b": ["x"] } }"#).unwrap();
    assert!(!value_and_object.matches(&json!({ "a": "x" })));
    assert!(!value_and_object.matches(&json!({ "a": { "b": "x" } })));
}

#[test]
fn what_is_not_a_pattern_is_refused_in_aws_words() {
    for (text, expected) in [
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        (r#"{"a":{}}"#, "Empty objects are not allowed"),
        (r#"{"a":[]}"#, "Empty arrays are not allowed"),
        (r#"{"a":"x"}"#, r#""a" must be an object or an array"#),
        (r#"{"a":[["x"]]}"#, "Match value must be String, number, true, false, or null"),
        (r#"{"a":[{}]}"#, "Match expression name not found"),
        (r#"{"a":[{"starts-with":"x"}]}"#, "Unrecognized match type starts-with"),
        (r#"{"a":[{"prefix":["x"]}]}"#, "prefix match pattern must be a string"),
        (r#"{"a":[{"suffix":1}]}"#, "suffix match pattern must be a string"),
        (r#"{"a":[{"prefix":{"wildcard":"x"}}]}"#, "Unsupported prefix pattern: wildcard"),
        (r#"{"a":[{"suffix":{}}]}"#, "Suffix expression name not found"),
        (r#"{"a":[{"prefix":"x","suffix":"y"}]}"#, "Only one key allowed in match expression"),
        (r#"{"a":[{"numeric":[">",1],"prefix":"y"}]}"#, "Too many elements in numeric expression"),
        (r#"{"a":[{"exists":"yes"}]}"#, "exists match pattern must be either true or false."),
        (r#"{"a":[{"cidr":24}]}"#, "prefix match pattern must be a string"),
        (r#"{"a":[{"cidr":"10.0.0.1"}]}"#, "Malformed CIDR, one '/' required"),
        (r#"{"a":[{"wildcard":"a**"}]}"#, "Consecutive wildcard characters at pos 2"),
        (r#"{"a":[{"numeric":5}]}"#, "Value of numeric must be an array."),
        (r#"{"a":[{"numeric":[]}]}"#, "Invalid member in numeric match: ]"),
        (r#"{"a":[{"numeric":[5]}]}"#, "Invalid member in numeric match: 5"),
        (r#"{"a":[{"numeric":["=="]}]}"#, "Unrecognized numeric range operator: =="),
        (r#"{"a":[{"numeric":["=","5"]}]}"#, "Value of equals must be numeric"),
        (r#"{"a":[{"numeric":["=",1,"<",5]}]}"#, "Too many elements in numeric expression"),
        (r#"{"a":[{"numeric":[">",1,2]}]}"#, "Bad value in numeric range: 2"),
        (r#"{"a":[{"numeric":[">",1,">",2]}]}"#, "Bad numeric range operator: >"),
        (r#"{"a":[{"numeric":[">",1,"<"]}]}"#, "Value of < must be numeric"),
        (r#"{"a":[{"numeric":[">",5,"<",5]}]}"#, "Bottom must be less than top"),
        (r#"{"a":[{"numeric":[">",1,"<",5,"x"]}]}"#, "Too many terms in numeric range expression"),
        (r#"{"a":[{"numeric":[">",6e9]}]}"#, "Value must be between -5.0E9 and 5.0E9, inclusive"),
        (
            r#"{"a":[{"anything-but":["x",1]}]}"#,
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (r#"{"a":[{"anything-but":[null]}]}"#, "Inside anything but list, start|null|boolean is not supported."),
        (r#"{"a":[{"anything-but":true}]}"#, "Value of anything-but must be an array or single string/number value."),
        (r#"{"a":[{"anything-but":{"numeric":["=",1]}}]}"#, "Unsupported anything-but pattern: numeric"),
        (r#"{"a":[{"anything-but":{"prefix":""}}]}"#, "Null prefix/suffix not allowed"),
        (r#"{"$or":{"a":["x"]}}"#, "It must be an Array followed with $or."),
        (r#"{"$or":[{"a":["x"]}]}"#, "There must have at least 2 Objects in $or relationship."),
        (r#"{"$or":[{"a":["x"]},1]}"#, "Only JSON object is allowed in array of $or relationship."),
        (
            r#"{"$or":[{"a":["x"]},{"prefix":["x"]}]}"#,
            "prefix is Ruler reserved fieldName which cannot be used inside $or.",
        ),
    ] {
        assert_eq!(reason(text), expected, "{text}");
    }
}

#[test]
fn an_error_says_where() {
    let error = Pattern::parse(r#"{ "detail": { "state": [] } }"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Event pattern is not valid. Reason: Empty arrays are not allowed (at /detail/state)"
    );
    assert!(reason(r#"{ "detail": "#).contains("line 1 column"), "{}", reason(r#"{ "detail": "#));
}

#[test]
fn alternatives_have_a_limit() {
    let member = |name: &str| (0..11).map(|n| json!({ name: [n] })).collect::<Vec<_>>();
    let two = json!({ "a": { "$or": member("x") }, "b": { "$or": member("x") } });
    assert!(Pattern::parse(&two.to_string()).is_ok());
    let three = json!({ "a": { "$or": member("x") }, "b": { "$or": member("x") }, "c": { "$or": member("x") } });
    assert_eq!(reason(&three.to_string()), "Event pattern contains more than 1000 rule combinations");
}

#[test]
fn a_mismatch_names_the_field_what_was_wanted_and_what_came() {
    let pattern = Pattern::parse(r#"{ "detail": { "total": [{ "numeric": [">", 100] }, null] } }"#).unwrap();
    let told = |event: Value| pattern.mismatches(&event).iter().map(ToString::to_string).collect::<Vec<_>>();
    let wanted = r#"/detail/total: wanted [{"numeric":[">",100]},null]"#;
    assert_eq!(told(json!({ "detail": { "total": 7 } })), [format!("{wanted}, got 7")]);
    assert_eq!(told(json!({})), [format!("{wanted}, got nothing")]);
    assert!(told(json!({ "detail": { "total": null } })).is_empty());
}

#[test]
fn filter_criteria_have_fewer_operators() {
    let lambda = |text| Pattern::parse_as(Dialect::Lambda, text).map_err(|error| error.reason().to_owned());
    assert!(lambda(r#"{"body":{"a":[{"anything-but":["x"]},{"suffix":"y"},{"exists":false}]}}"#).is_ok());
    assert_eq!(lambda(r#"{"body":{"a":[{"wildcard":"x*"}]}}"#).unwrap_err(), "Unrecognized match type wildcard");
    assert!(lambda(r#"{"body":{"a":[{"anything-but":{"prefix":"x"}}]}}"#).is_err());
}

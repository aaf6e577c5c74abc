//! Intrinsic functions, conditions and parameters: a template's resources with everything computed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::names::{self, Names};
use super::{Refused, Resource, Settings, Stack};

/// Everything of a template, computed.
pub(super) fn stack(template: &Value, settings: &Settings) -> Result<Stack, Refused> {
    let resolver = Resolver::new(template, settings);
    let mut reasons = resolver.missing_parameters();
    if !reasons.is_empty() {
        return Err(Refused(reasons));
    }
    let conditions = template["Conditions"].as_object().into_iter().flat_map(Map::keys);
    reasons.extend(conditions.filter_map(|name| resolver.condition(name).err()));
    let mut resources = Vec::new();
    for (id, raw) in &resolver.resources {
        match resolver.resource(id, raw) {
            Ok(resource) => resources.push(resource),
            Err(reason) => reasons.push(reason),
        }
        for needed in strings(&raw["DependsOn"]).filter(|needed| !resolver.resources.contains_key(needed)) {
            reasons.push(unresolved(needed));
        }
    }
    if let Some(circle) = circle(&resolver.resources) {
        reasons.push(format!("Circular dependency between resources: [{}]", circle.join(", ")));
    }
    let (mut outputs, mut exports) = (Map::new(), Vec::new());
    for (name, output) in template["Outputs"].as_object().into_iter().flatten() {
        if resolver.is_left_out(output) {
            continue;
        }
        match resolver.value(&output["Value"]) {
            Ok(value) => drop(outputs.insert(name.clone(), value.unwrap_or_default())),
            Err(reason) => reasons.push(format!("{reason} (of the output {name})")),
        }
        match resolver.value(&output["Export"]["Name"]) {
            Ok(export) => exports.extend(export.as_ref().and_then(text)),
            Err(reason) => reasons.push(format!("{reason} (of the export of the output {name})")),
        }
    }
    reasons.sort();
    reasons.dedup();
    if reasons.is_empty() { Ok(Stack { resources, outputs, exports }) } else { Err(Refused(reasons)) }
}

fn unresolved(id: &str) -> String {
    format!("Template format error: Unresolved resource dependencies [{id}] in the Resources block of the template")
}

struct Resolver<'t> {
    template: &'t Value,
    settings: &'t Settings,
    /// Those whose condition is true.
    resources: BTreeMap<&'t str, &'t Value>,
    names: RefCell<BTreeMap<String, Names>>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'t> Resolver<'t> {
    fn new(template: &'t Value, settings: &'t Settings) -> Resolver<'t> {
        let mut resolver = Resolver {
            template,
            settings,
            resources: BTreeMap::new(),
            names: RefCell::default(),
            asked: RefCell::default(),
        };
        let all = template["Resources"].as_object().into_iter().flatten();
        resolver.resources =
            all.filter(|(_, raw)| !resolver.is_left_out(raw)).map(|(id, raw)| (id.as_str(), raw)).collect();
        resolver
    }

    fn missing_parameters(&self) -> Vec<String> {
        let parameters = self.template["Parameters"].as_object();
        let is_missing = |name: &String, parameter: &Value| {
            parameter["Default"].is_null() && !self.settings.parameters.contains_key(name)
        };
        let all = parameters.into_iter().flatten();
        let missing: Vec<&str> =
            all.filter(|(name, parameter)| is_missing(name, parameter)).map(|(name, _)| name.as_str()).collect();
        let unknown =
            self.settings.parameters.keys().filter(|name| parameters.is_none_or(|all| !all.contains_key(*name)));
        let mut reasons: Vec<String> =
            unknown.map(|name| format!("Parameters: [{name}] do not exist in the template")).collect();
        if parameters.into_iter().flatten().any(|(_, parameter)| !parameter["Type"].is_string()) {
            reasons.push("Template format error: Every Parameters object must contain a Type member.".to_owned());
        }
        if !missing.is_empty() {
            reasons.push(format!("Parameters: [{}] must have values", missing.join(", ")));
        }
        reasons
    }

    fn is_left_out(&self, raw: &Value) -> bool {
        raw["Condition"].as_str().is_some_and(|name| self.condition(name) == Ok(false))
    }

    fn resource(&self, id: &str, raw: &Value) -> Result<Resource, String> {
        let names = self.names_of(id)?;
        let kind = raw["Type"].as_str().unwrap_or_default().to_owned();
        let mut properties = self.value(&raw["Properties"])?.unwrap_or_default();
        if kind == "AWS::SQS::Queue" {
            // Both may also be given as text that is JSON.
            for name in ["RedrivePolicy", "RedriveAllowPolicy"] {
                let read = properties[name].as_str().and_then(|text| serde_json::from_str(text).ok());
                read.into_iter().for_each(|policy: Value| properties[name] = policy);
            }
        }
        let policy = |name: &str| raw[name].as_str().map(str::to_owned);
        Ok(Resource {
            id: id.to_owned(),
            kind,
            properties: if properties.is_null() { json!({}) } else { properties },
            metadata: raw["Metadata"].clone(),
            reference: names.reference,
            name: names.name,
            arn: names.arn,
            is_named: names.is_named,
            deletion_policy: policy("DeletionPolicy"),
            update_replace_policy: policy("UpdateReplacePolicy"),
        })
    }

    fn names_of(&self, id: &str) -> Result<Names, String> {
        if let Some(names) = self.names.borrow().get(id) {
            return Ok(names.clone());
        }
        let raw = self.resources.get(id).ok_or_else(|| unresolved(id))?;
        if !self.asked.borrow_mut().insert(id.to_owned()) {
            return Err(format!("Circular dependency between resources: [{id}]"));
        }
        let kind = raw["Type"].as_str().unwrap_or_default();
        let given = names::property(kind).map(|property| &raw["Properties"][property]).filter(|given| !given.is_null());
        let given = given.map(|given| self.value(given)).transpose();
        self.asked.borrow_mut().remove(id);
        let given = given?.flatten().map(|given| text(&given).unwrap_or_else(|| given.to_string()));
        let names = names::of(id, kind, given, raw["Properties"]["FifoQueue"] == true, self.settings);
        self.names.borrow_mut().insert(id.to_owned(), names.clone());
        Ok(names)
    }

    /// A value with its functions computed; nothing where it is `AWS::NoValue`.
    fn value(&self, value: &Value) -> Result<Option<Value>, String> {
        match value {
            Value::Array(items) => {
                let mut resolved = Vec::new();
                for item in items {
                    resolved.extend(self.value(item)?);
                }
                Ok(Some(Value::from(resolved)))
            }
            Value::Object(members) => {
                if let Some((name, argument)) = members.iter().next().filter(|_| members.len() == 1)
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, argument);
                }
                let mut resolved = Map::new();
                for (name, member) in members {
                    if let Some(member) = self.value(member)? {
                        resolved.insert(name.clone(), member);
                    }
                }
                Ok(Some(Value::from(resolved)))
            }
            other => Ok(Some(other.clone())),
        }
    }

    fn function(&self, name: &str, argument: &Value) -> Result<Option<Value>, String> {
        let wrong = || format!("Template error: {name} has an argument of another form: {argument}");
        if name == "Ref" {
            return self.reference(argument.as_str().ok_or_else(wrong)?);
        }
        if name == "Fn::If" {
            let [condition, then, otherwise] = argument.as_array().map_or(&[][..], Vec::as_slice) else {
                return Err(wrong());
            };
            let holds = self.condition(condition.as_str().ok_or_else(wrong)?)?;
            return self.value(if holds { then } else { otherwise });
        }
        let list = || argument.as_array().map_or(&[][..], Vec::as_slice);
        let text = |value: &Value| -> Result<String, String> {
            let value = self.value(value)?.unwrap_or_default();
            self::text(&value).ok_or_else(wrong)
        };
        let result = match (name, list()) {
            ("Fn::GetAtt", [resource, attribute]) => {
                self.attribute(resource.as_str().ok_or_else(wrong)?, &text(attribute)?)?
            }
            ("Fn::Sub", [template, values]) => self.substituted(&text(template)?, values)?,
            ("Fn::Sub", []) => self.substituted(argument.as_str().ok_or_else(wrong)?, &Value::Null)?,
            ("Fn::Join", [separator, items]) => {
                let items = self.value(items)?.unwrap_or_default();
                let items: Option<Vec<String>> = items.as_array().ok_or_else(wrong)?.iter().map(self::text).collect();
                Value::from(items.ok_or_else(wrong)?.join(&text(separator)?))
            }
            ("Fn::Split", [separator, whole]) => {
                let separator = text(separator)?;
                text(whole)?.split(separator.as_str()).map(str::to_owned).collect::<Vec<_>>().into()
            }
            ("Fn::Select", [index, items]) => {
                let index = super::whole(&self.value(index)?.unwrap_or_default()).ok_or_else(wrong)?;
                let items = self.value(items)?.unwrap_or_default();
                usize::try_from(index).ok().and_then(|index| items.get(index).cloned()).ok_or_else(wrong)?
            }
            ("Fn::FindInMap", [map, first, second]) => {
                let found = &self.template["Mappings"][text(map)?][text(first)?][text(second)?];
                if found.is_null() {
                    return Err(format!("Template error: {argument} finds nothing in Mappings"));
                }
                found.clone()
            }
            ("Fn::GetAZs", _) => ["a", "b", "c"].map(|zone| format!("{}{zone}", self.settings.region)).to_vec().into(),
            ("Fn::Base64", _) => Value::from(format!("base64 of {}", text(argument)?)),
            ("Fn::ImportValue", _) => return Err(format!("No export named {} found", text(argument)?)),
            ("Fn::GetAtt" | "Fn::Sub" | "Fn::Join" | "Fn::Split" | "Fn::Select" | "Fn::FindInMap", _) => {
                return Err(wrong());
            }
            _ => return Err(format!("{name} is not known here")),
        };
        Ok(Some(result))
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, String> {
        let settings = self.settings;
        let pseudo = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::AccountId" => &settings.account,
            "AWS::Region" => &settings.region,
            "AWS::StackName" => &settings.stack,
            "AWS::Partition" => return Ok(Some(Value::from("aws"))),
            "AWS::URLSuffix" => return Ok(Some(Value::from("amazonaws.com"))),
            "AWS::StackId" => {
                let id = format!(
                    "arn:aws:cloudformation:{}:{}:stack/{}/1",
                    settings.region, settings.account, settings.stack
                );
                return Ok(Some(Value::from(id)));
            }
            _ if self.template["Parameters"][name].is_object() => {
                let parameter = &self.template["Parameters"][name];
                let given = settings.parameters.get(name).map(|given| Value::from(given.as_str()));
                let value = given.unwrap_or_else(|| parameter["Default"].clone());
                return Ok(Some(match (parameter["Type"].as_str(), &value) {
                    (Some("CommaDelimitedList"), Value::String(list)) => {
                        list.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>().into()
                    }
                    _ => value,
                }));
            }
            _ => return Ok(Some(Value::from(self.names_of(name)?.reference))),
        };
        Ok(Some(Value::from(pseudo.as_str())))
    }

    fn attribute(&self, id: &str, attribute: &str) -> Result<Value, String> {
        let Some(raw) = self.resources.get(id) else {
            return Err(format!("Template error: instance of Fn::GetAtt references undefined resource {id}"));
        };
        let kind = raw["Type"].as_str().unwrap_or_default();
        let has_stream = !raw["Properties"]["StreamSpecification"].is_null();
        let value = names::attribute(&self.names_of(id)?, kind, attribute)
            .filter(|_| attribute != "StreamArn" || kind != "AWS::DynamoDB::Table" || has_stream);
        let refused =
            || format!("Template error: resource {id} does not support attribute type {attribute} in Fn::GetAtt");
        value.map(Value::from).ok_or_else(refused)
    }

    fn substituted(&self, template: &str, values: &Value) -> Result<Value, String> {
        let mut result = String::new();
        let mut rest = template;
        while let Some(start) = rest.find("${") {
            let end = rest[start..].find('}').ok_or_else(|| format!("Template error: ${{ without }} in {template}"))?;
            let name = rest[start + 2..start + end].trim();
            result.push_str(&rest[..start]);
            rest = &rest[start + end + 1..];
            let value = match name.split_once('.') {
                _ if name.starts_with('!') => Value::from(format!("${{{}}}", &name[1..])),
                _ if !values[name].is_null() => self.value(&values[name])?.unwrap_or_default(),
                Some((id, attribute)) => self.attribute(id, attribute)?,
                None => self.reference(name)?.unwrap_or_default(),
            };
            result.push_str(&text(&value).ok_or_else(|| format!("Template error: {name} is no text in {template}"))?);
        }
        result.push_str(rest);
        Ok(Value::from(result))
    }

    fn condition(&self, name: &str) -> Result<bool, String> {
        let condition = &self.template["Conditions"][name];
        if condition.is_null() {
            return Err(format!("Template format error: Unresolved condition dependency {name}"));
        }
        self.holds(condition, 0)
    }

    fn holds(&self, condition: &Value, depth: usize) -> Result<bool, String> {
        let wrong = || format!("Template error: {condition} is no condition");
        let (name, argument) = condition.as_object().and_then(|one| one.iter().next()).ok_or_else(wrong)?;
        if depth > 20 {
            return Err(wrong());
        }
        let items = argument.as_array().map_or(&[][..], Vec::as_slice);
        match (name.as_str(), items) {
            ("Fn::Equals", [left, right]) => {
                let (left, right) = (self.value(left)?.unwrap_or_default(), self.value(right)?.unwrap_or_default());
                Ok(text(&left) == text(&right))
            }
            ("Fn::Not", [one]) => Ok(!self.holds(one, depth + 1)?),
            ("Fn::And", items) => items.iter().try_fold(true, |all, one| Ok(all & self.holds(one, depth + 1)?)),
            ("Fn::Or", items) => items.iter().try_fold(false, |any, one| Ok(any | self.holds(one, depth + 1)?)),
            ("Condition", _) => {
                let other = &self.template["Conditions"][argument.as_str().ok_or_else(wrong)?];
                self.holds(other, depth + 1)
            }
            _ => Err(wrong()),
        }
    }
}

/// A scalar as CloudFormation puts it into a text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_str().into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// Resources that wait for each other, if there are some.
fn circle(resources: &BTreeMap<&str, &Value>) -> Option<Vec<String>> {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = resources
        .iter()
        .map(|(id, raw)| {
            let mut needs = BTreeSet::new();
            references(&raw["Properties"], &mut needs);
            needs.extend(strings(&raw["DependsOn"]));
            needs.retain(|needed| resources.contains_key(needed));
            (*id, needs)
        })
        .collect();
    loop {
        let ready: Vec<&str> = left.iter().filter(|(_, needs)| needs.is_empty()).map(|(id, _)| *id).collect();
        if ready.is_empty() {
            break;
        }
        for id in ready {
            left.remove(id);
            left.values_mut().for_each(|needs| needs.retain(|needed| *needed != id));
        }
    }
    // What only needs the circle is no part of it.
    while let Some(end) = left.keys().find(|id| !left.values().any(|needs| needs.contains(**id))).copied() {
        left.remove(end);
    }
    (!left.is_empty()).then(|| left.keys().map(|id| (*id).to_owned()).collect())
}

fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("Ref", Value::String(id)) => drop(found.insert(id)),
                    ("Fn::GetAtt", Value::Array(parts)) => found.extend(parts.first().and_then(Value::as_str)),
                    ("Fn::Sub", Value::String(text)) => substitutions(text, found),
                    ("Fn::Sub", Value::Array(parts)) => {
                        parts.first().and_then(Value::as_str).into_iter().for_each(|text| substitutions(text, found));
                        references(member, found);
                    }
                    _ => references(member, found),
                }
            }
        }
        _ => {}
    }
}

fn substitutions<'v>(text: &'v str, found: &mut BTreeSet<&'v str>) {
    for part in text.split("${").skip(1) {
        let name = part.split(['}', '.']).next().unwrap_or_default();
        found.insert(name);
    }
}

//! The part of JSON Schema (draft 2020-12) that the published schemas use, and no more: any other keyword is refused,
//! so that none is ignored silently.

use std::fmt::Write as _;

use regex::Regex;
use serde_json::Value;

/// Keywords that only inform people.
const REMARKS: [&str; 5] = ["$schema", "$defs", "title", "description", "contentEncoding"];

/// Returns the errors in `document`, each with its place.
#[must_use]
pub fn wrong(schema: &Value, document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    Checking { root: schema, wrong: &mut wrong }.value("", schema, document);
    wrong
}

/// Returns the errors in the schema itself: an unknown keyword, an unresolved name, a required field without a
/// description.
#[must_use]
pub fn wrong_schema(schema: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    look_through(schema, "", schema, &mut wrong);
    wrong
}

struct Checking<'a> {
    root: &'a Value,
    wrong: &'a mut Vec<String>,
}

impl Checking<'_> {
    fn value(&mut self, place: &str, schema: &Value, value: &Value) {
        if schema.is_boolean() {
            if schema == false {
                self.wrong.push(format!("{place}: nothing may be here"));
            }
            return;
        }
        for (keyword, rule) in schema.as_object().expect("a schema is an object, or true or false") {
            if let Some(reason) = self.keyword(place, schema, value, keyword, rule) {
                self.wrong.push(format!("{place}: {reason}"));
            }
        }
    }

    /// Returns the reason why one keyword refuses a value. Errors further down are noted at their own places.
    fn keyword(
        &mut self,
        place: &str,
        schema: &Value,
        value: &Value,
        keyword: &str,
        rule: &Value,
    ) -> Option<String> {
        let count = |rule: &Value| rule.as_u64().expect("a number of items") as usize;
        match keyword {
            "type" if !types(rule).any(|name| is_of(name, value)) => Some(format!("{value} is no {rule}")),
            "const" if value != rule => Some(format!("{value} is not {rule}")),
            "enum" if !rule.as_array().expect("a list").contains(value) => {
                Some(format!("{value} is none of {rule}"))
            }
            "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().expect("a number")) => {
                Some(format!("{value} is less than {rule}"))
            }
            "pattern" => {
                let pattern = Regex::new(rule.as_str().expect("a pattern")).expect("a pattern");
                value
                    .as_str()
                    .filter(|text| !pattern.is_match(text))
                    .map(|text| format!("'{text}' is not like {rule}"))
            }
            "minItems" if value.as_array().is_some_and(|items| items.len() < count(rule)) => {
                Some(format!("fewer than {rule}"))
            }
            "maxItems" if value.as_array().is_some_and(|items| items.len() > count(rule)) => {
                Some(format!("more than {rule}"))
            }
            "required" => {
                let object = value.as_object()?;
                let names = rule.as_array().expect("a list").iter().filter_map(Value::as_str);
                let missing: Vec<_> = names.filter(|name| !object.contains_key(*name)).collect();
                (!missing.is_empty()).then(|| format!("required and not there: {}", missing.join(", ")))
            }
            "$ref" => {
                self.value(place, target(self.root, rule).expect("it leads somewhere"), value);
                None
            }
            "anyOf" => {
                let mut reasons = String::new();
                for one in rule.as_array().expect("a list") {
                    let mut wrong = Vec::new();
                    Checking { root: self.root, wrong: &mut wrong }.value(place, one, value);
                    if wrong.is_empty() {
                        return None;
                    }
                    let _ = write!(reasons, " {wrong:?}"); // writing to a String cannot fail
                }
                Some(format!("none of these fits:{reasons}"))
            }
            "properties" => {
                let rules = rule.as_object().expect("names");
                for (name, value) in value.as_object()? {
                    if let Some(rule) = rules.get(name) {
                        self.value(&format!("{place}/{name}"), rule, value);
                    }
                }
                None
            }
            "additionalProperties" => {
                for (name, value) in value.as_object()? {
                    if schema["properties"].get(name).is_none() {
                        self.value(&format!("{place}/{name}"), rule, value);
                    }
                }
                None
            }
            "items" => {
                for (at, value) in value.as_array()?.iter().enumerate() {
                    self.value(&format!("{place}/{at}"), rule, value);
                }
                None
            }
            "type" | "const" | "enum" | "minimum" | "minItems" | "maxItems" => None, // it conforms
            remark if REMARKS.contains(&remark) => None,
            unknown => panic!("the keyword {unknown} is not known here"),
        }
    }
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let one = rule.as_str();
    let several = rule.as_array().into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(several)
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        unknown => panic!("there is no type {unknown}"),
    }
}

/// Returns the definition that `#/$defs/Name` refers to.
fn target<'a>(root: &'a Value, reference: &Value) -> Option<&'a Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

fn look_through(root: &Value, place: &str, schema: &Value, wrong: &mut Vec<String>) {
    const KNOWN: [&str; 13] = [
        "type",
        "const",
        "enum",
        "minimum",
        "pattern",
        "minItems",
        "maxItems",
        "required",
        "$ref",
        "anyOf",
        "properties",
        "additionalProperties",
        "items",
    ];
    if schema.is_boolean() {
        return;
    }
    let Some(keywords) = schema.as_object() else { return wrong.push(format!("{place}: no schema")) };
    for (keyword, rule) in keywords {
        let place = format!("{place}/{keyword}");
        let mut inside = |name: &str, schema| look_through(root, &format!("{place}/{name}"), schema, wrong);
        match (keyword.as_str(), rule) {
            ("properties" | "$defs", Value::Object(all)) => {
                all.iter().for_each(|(name, schema)| inside(name, schema));
            }
            ("anyOf", Value::Array(all)) => all.iter().for_each(|schema| inside("", schema)),
            ("items" | "additionalProperties", schema) => inside("", schema),
            ("$ref", name) if target(root, name).is_none() => wrong.push(format!("{place}: leads nowhere")),
            ("required", Value::Array(names)) => {
                let described = |name: &Value| schema["properties"].get(name.as_str()?);
                if names.iter().any(|name| described(name).is_none()) {
                    wrong.push(format!("{place}: one of them is not described"));
                }
            }
            ("pattern", rule) if rule.as_str().is_none_or(|rule| Regex::new(rule).is_err()) => {
                wrong.push(format!("{place}: no pattern"));
            }
            ("properties" | "$defs" | "anyOf" | "required", _) => wrong.push(format!("{place}: no list")),
            (known, _) if KNOWN.contains(&known) || REMARKS.contains(&known) => {}
            _ => wrong.push(format!("{place}: not known here")),
        }
    }
}

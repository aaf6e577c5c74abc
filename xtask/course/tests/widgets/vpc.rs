//! The way of a connection, found by following tables: what each hop sends on where.
//!
//! Sources of the rules: a function in a VPC has a private address only, in a public subnet too
//! (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html>); gateway endpoints are routes,
//! interface endpoints are addresses
//! (<https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>).

use course::data;
use serde_json::{Value, json};

use crate::{number, units, variations, vectors};

const HOURS_OF_A_MONTH: u128 = 730;
const ZONES: u128 = 2;

/// Where a hop sends the connection, or why it does not.
fn next(input: &Value, hop: &str, came_by_nat: bool) -> Result<String, &'static str> {
    let on = |name: &str| input[name] == true;
    let destination = input["destination"].as_str().expect("a destination");
    let there = || Ok(destination.to_owned());
    match (hop, input["subnet"].as_str(), destination) {
        ("function", Some("none"), "database") => Err("outside"),
        ("function", Some("none"), _) => Ok("lambda-network".to_owned()),
        ("function", ..) => Ok("interface".to_owned()),
        ("interface", ..) if !on("egress") => Err("security-group"),
        // From the longest match of the route table to the shortest.
        ("interface", _, "database") => there(),
        ("interface", _, "s3") if on("gateway_endpoint") => Ok("gateway-endpoint".to_owned()),
        ("interface", _, "secrets") if on("interface_endpoint") => Ok("interface-endpoint".to_owned()),
        ("interface", Some("public"), _) => Ok("internet-gateway".to_owned()),
        ("interface", Some("private"), _) if on("nat") => Ok("nat-gateway".to_owned()),
        ("interface", ..) => Err("no-route"),
        ("nat-gateway", ..) => Ok("internet-gateway".to_owned()),
        ("internet-gateway", ..) if !came_by_nat => Err("no-public-address"),
        _ => there(),
    }
}

fn path(input: &Value) -> Value {
    let mut hops = vec!["function".to_owned()];
    let mut stopped = None;
    while hops.last().map(String::as_str) != input["destination"].as_str() {
        let came_by_nat = hops.iter().any(|hop| hop == "nat-gateway");
        match next(input, hops.last().expect("a hop"), came_by_nat) {
            Ok(hop) => hops.push(hop),
            Err(reason) => {
                stopped = Some(reason);
                break;
            }
        }
    }
    let prices = data("prices");
    let price = |name: &str| units(&prices[name]["value"]);
    let carried =
        |hop: &str| if hops.iter().any(|known| known == hop) { u128::from(number(input, "gigabytes")) } else { 0 };
    let nat = HOURS_OF_A_MONTH * price("nat_gateway_hour") + carried("nat-gateway") * price("nat_gateway_gigabyte");
    let endpoint = HOURS_OF_A_MONTH * ZONES * price("interface_endpoint_hour")
        + carried("interface-endpoint") * price("interface_endpoint_gigabyte");
    let gateway = HOURS_OF_A_MONTH * price("gateway_endpoint_hour");
    let parts = [("nat", nat), ("interface_endpoint", endpoint), ("gateway_endpoint", gateway)];
    let monthly: u128 = parts.iter().filter(|(name, _)| input[*name] == true).map(|(_, cost)| cost).sum();
    json!({ "reached": stopped.is_none(), "stopped": stopped, "path": hops, "monthly": monthly.to_string() })
}

fn base() -> Value {
    json!({
        "destination": "internet", "subnet": "public", "nat": false, "gateway_endpoint": false, "interface_endpoint": false,
        "egress": true, "gigabytes": 100,
    })
}

#[test]
fn a_public_subnet_gives_no_internet_and_a_gateway_endpoint_costs_nothing() {
    let told = |change: Value| path(&variations(&base(), &[change])[0]);
    assert_eq!(told(json!({}))["stopped"], "no-public-address");
    let endpoint = told(json!({ "destination": "s3", "subnet": "private", "gateway_endpoint": true }));
    assert_eq!((&endpoint["reached"], &endpoint["monthly"]), (&json!(true), &json!("0")));
    // 730 x 0.045 + 100 x 0.045 USD.
    assert_eq!(told(json!({ "subnet": "private", "nat": true }))["monthly"], "373500000000");
}

#[test]
fn vpc_vectors_are_up_to_date() {
    let mut inputs = Vec::new();
    for destination in ["internet", "s3", "secrets", "database"] {
        for subnet in ["none", "private", "public"] {
            for switches in 0..16 {
                let on = |bit: u8| switches >> bit & 1 == 1;
                let change = json!({
                    "destination": destination, "subnet": subnet, "nat": on(0), "gateway_endpoint": on(1),
                    "interface_endpoint": on(2), "egress": on(3), "gigabytes": if on(0) { 100 } else { 0 },
                });
                inputs.extend(variations(&base(), &[change]));
            }
        }
    }
    vectors("vpc", &inputs, path);
}

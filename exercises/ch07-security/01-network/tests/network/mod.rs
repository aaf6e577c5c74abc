//! The network that a template describes, and the way of a packet through it.
//!
//! Two files: `stack.rs` reads the template as CloudFormation does, and here are the wires. What is modelled: IPv4 and
//! TCP, subnets, route tables with their associations, internet and NAT gateways, gateway and interface endpoints,
//! private DNS, security groups. What is not: network ACLs (all of them let everything pass, as the default one does),
//! IPv6, peering.
//!
//! Sources: <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>,
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>,
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>,
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html>.

mod stack;

use serde_json::Value;

pub(crate) use stack::{Region, Stack};

/// An address of S3, which stands in its prefix list, and one of Secrets Manager.
const S3: &str = "52.216.10.20";
const SECRETS: &str = "52.94.230.9";

/// Something with an address in a subnet.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    /// What it is, for whoever reads a failure.
    pub(crate) name: String,
    pub(crate) subnet: String,
    pub(crate) zone: String,
    pub(crate) address: u32,
    pub(crate) groups: Vec<String>,
    /// Whether the internet can answer it.
    pub(crate) is_public: bool,
}

/// Where a packet is to go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum To<'a> {
    Interface(&'a Interface),
    S3,
    SecretsManager,
    Internet,
}

/// The hops of a packet that arrived.
pub(crate) type Way = Vec<String>;

/// A block of addresses: the first, and how many bits they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block(u32, u32);

impl Block {
    pub(crate) fn read(text: &str) -> Option<Block> {
        let (address, bits) = text.split_once('/')?;
        let bits = bits.parse().ok().filter(|bits| *bits <= 32)?;
        Some(Block(address_of(address)? & mask(bits), bits))
    }

    pub(crate) fn has(self, address: u32) -> bool {
        address & mask(self.1) == self.0
    }

    pub(crate) fn overlaps(self, other: Block) -> bool {
        self.has(other.0) || other.has(self.0)
    }

    pub(crate) fn lies_in(self, other: Block) -> bool {
        self.1 >= other.1 && other.has(self.0)
    }

    /// The address with this number.
    pub(crate) fn address(self, number: u32) -> u32 {
        self.0 + number
    }
}

fn mask(bits: u32) -> u32 {
    if bits == 0 { 0 } else { u32::MAX << (32 - bits) }
}

fn address_of(text: &str) -> Option<u32> {
    text.parse::<std::net::Ipv4Addr>().ok().map(u32::from)
}

impl Stack {
    /// The way of a TCP connection, or the sentence that says where it ends. `down` is a zone that is away.
    pub(crate) fn connect(&self, from: &Interface, to: To<'_>, port: u64, down: Option<&str>) -> Result<Way, String> {
        match to {
            To::Interface(target) => self.to_interface(from, target, port).map(|()| vec![target.name.clone()]),
            To::S3 => match self.endpoints("Interface", "s3").find(|endpoint| self.has_private_name(endpoint)) {
                Some(endpoint) => self.to_endpoint(from, endpoint, port, down),
                None => self.outside(from, address_of(S3).unwrap_or_default(), true, port),
            },
            To::SecretsManager => {
                match self.endpoints("Interface", "secretsmanager").find(|endpoint| self.has_private_name(endpoint)) {
                    Some(endpoint) => self.to_endpoint(from, endpoint, port, down),
                    None => self.outside(from, address_of(SECRETS).unwrap_or_default(), false, port).map_err(|error| {
                        format!(
                            "the name of Secrets Manager leads to its public address, since no interface endpoint with a \
                             private name answers for it in this network; {error}"
                        )
                    }),
                }
            }
            To::Internet => self.outside(from, address_of("203.0.113.80").unwrap_or_default(), false, port),
        }
    }

    /// Inside the network everything is one hop away, if both groups agree. Answers find their way by themselves.
    fn to_interface(&self, from: &Interface, to: &Interface, port: u64) -> Result<(), String> {
        if self.text(&from.subnet, "VpcId") != self.text(&to.subnet, "VpcId") {
            return Err(format!("{} is in another network than {}", to.name, from.name));
        }
        self.lets_out(from, to.address, &to.groups, false, port)?;
        if self.lets_in(to, from, port) {
            return Ok(());
        }
        Err(format!("no inbound rule of {} lets {} in on port {port}", listed(&to.groups), from.name))
    }

    /// Every address that the name leads to has to answer: nobody knows which one a client takes.
    fn to_endpoint(&self, from: &Interface, endpoint: &str, port: u64, down: Option<&str>) -> Result<Way, String> {
        let doors = self.doors(endpoint);
        let live: Vec<&Interface> = doors.iter().filter(|door| Some(door.zone.as_str()) != down).collect();
        if live.is_empty() {
            return Err(format!("no address of {endpoint} is left"));
        }
        for door in live {
            self.to_interface(from, door, port)?;
        }
        Ok(vec![endpoint.to_owned()])
    }

    fn outside(&self, from: &Interface, address: u32, is_s3: bool, port: u64) -> Result<Way, String> {
        self.lets_out(from, address, &[], is_s3, port)?;
        let table = self.route_table(&from.subnet);
        if is_s3
            && let Some(table) = &table
            && let Some(endpoint) =
                self.endpoints("Gateway", "s3").find(|it| self.texts(it, "RouteTableIds").contains(table))
        {
            return Ok(vec![endpoint.to_owned()]);
        }
        let known = match &table {
            Some(table) => format!("the route table {table} of {}", from.subnet),
            None => format!("{} is associated with no route table, and the network's main one", from.subnet),
        };
        let routes = table.iter().flat_map(|table| self.routes(table));
        let fits = |route: &(Block, &'static str, String)| route.0.has(address);
        let Some((_, kind, gateway)) = routes.filter(fits).max_by_key(|route| route.0.1) else {
            return Err(format!("{known} knows no way out of the network"));
        };
        if kind == "NatGatewayId" {
            return Ok(vec![gateway, "the internet".to_owned()]);
        }
        if from.is_public {
            return Ok(vec![gateway, "the internet".to_owned()]);
        }
        Err(format!("{gateway} serves public addresses only, and {} has a private one, whatever its subnet", from.name))
    }

    fn lets_out(&self, from: &Interface, to: u32, groups: &[String], is_s3: bool, port: u64) -> Result<(), String> {
        if from.groups.is_empty() {
            // In the default group, which lets everything out.
            return Ok(());
        }
        let mut rules = from.groups.iter().flat_map(|group| self.rules(group, "Egress"));
        let fits = |rule: &Value| {
            covers(rule, port)
                && (contains(rule, to)
                    || is_s3 && rule["DestinationPrefixListId"] == self.s3_prefix_list()
                    || names_one_of(&rule["DestinationSecurityGroupId"], groups))
        };
        if rules.any(|rule| fits(&rule)) {
            return Ok(());
        }
        let ways = if is_s3 { "S3" } else { "there" };
        Err(format!("no outbound rule of {} lets {} out {ways} on port {port}", listed(&from.groups), from.name))
    }

    fn lets_in(&self, to: &Interface, from: &Interface, port: u64) -> bool {
        let mut rules = to.groups.iter().flat_map(|group| self.rules(group, "Ingress"));
        rules.any(|rule| {
            covers(&rule, port)
                && (contains(&rule, from.address) || names_one_of(&rule["SourceSecurityGroupId"], &from.groups))
        })
    }

    /// Whether anything on the internet can open a connection to it.
    pub(crate) fn is_open_to_the_internet(&self, to: &Interface, port: u64) -> bool {
        let from = Interface {
            name: "a stranger".to_owned(),
            subnet: String::new(),
            zone: String::new(),
            address: address_of("203.0.113.80").unwrap_or_default(),
            groups: Vec::new(),
            is_public: true,
        };
        let leads_in = self
            .route_table(&to.subnet)
            .is_some_and(|table| self.routes(&table).iter().any(|(_, kind, _)| *kind == "GatewayId"));
        to.is_public && leads_in && self.lets_in(to, &from, port)
    }
}

/// Whether a rule is about this port of TCP. A rule for all protocols is about all ports, whatever ports it names.
fn covers(rule: &Value, port: u64) -> bool {
    let protocol = match &rule["IpProtocol"] {
        Value::Number(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_lowercase(),
    };
    match protocol.as_str() {
        "-1" => true,
        "tcp" | "6" => {
            stack::number(&rule["FromPort"]).is_some_and(|from| from <= port)
                && stack::number(&rule["ToPort"]).is_some_and(|to| port <= to)
        }
        _ => false,
    }
}

fn contains(rule: &Value, address: u32) -> bool {
    rule["CidrIp"].as_str().and_then(Block::read).is_some_and(|block| block.has(address))
}

fn names_one_of(named: &Value, groups: &[String]) -> bool {
    named.as_str().is_some_and(|named| groups.iter().any(|group| group == named))
}

fn listed(groups: &[String]) -> String {
    if groups.is_empty() { "the default security group".to_owned() } else { groups.join(" and ") }
}

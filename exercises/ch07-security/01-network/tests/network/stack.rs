//! A template as CloudFormation reads it: what its names stand for, and what it would refuse.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Block, Interface};

/// Where the stack is deployed.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    pub(crate) name: String,
    pub(crate) zones: Vec<String>,
    /// The prefix list `com.amazonaws.REGION.s3`.
    pub(crate) s3_prefix_list: String,
}

/// The resources of a template, with everything filled in.
#[derive(Debug)]
pub(crate) struct Stack {
    region: Region,
    template: Value,
    /// By logical name: the type, and the properties. A reference to a resource is its logical name.
    resources: BTreeMap<String, (String, Value)>,
    dangling: Vec<String>,
    refused: Vec<String>,
}

/// The types of the services that the network is made of, as far as anybody needs them here.
const TYPES: [&str; 42] = [
    "AWS::EC2::CustomerGateway",
    "AWS::EC2::DHCPOptions",
    "AWS::EC2::EIP",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::FlowLog",
    "AWS::EC2::Instance",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::PrefixList",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetCidrBlock",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCCidrBlock",
    "AWS::EC2::VPCDHCPOptionsAssociation",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBProxy",
    "AWS::RDS::DBSubnetGroup",
];

/// What a resource of a type cannot do without.
const REQUIRED: [(&str, &[&str]); 14] = [
    ("AWS::EC2::VPC", &["CidrBlock"]),
    ("AWS::EC2::Subnet", &["VpcId", "CidrBlock"]),
    ("AWS::EC2::RouteTable", &["VpcId"]),
    ("AWS::EC2::Route", &["RouteTableId"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["RouteTableId", "SubnetId"]),
    ("AWS::EC2::VPCGatewayAttachment", &["VpcId"]),
    ("AWS::EC2::NatGateway", &["SubnetId"]),
    ("AWS::EC2::VPCEndpoint", &["VpcId", "ServiceName"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription"]),
    ("AWS::EC2::SecurityGroupIngress", &["IpProtocol"]),
    ("AWS::EC2::SecurityGroupEgress", &["GroupId", "IpProtocol"]),
    ("AWS::IAM::Role", &["AssumeRolePolicyDocument"]),
    ("AWS::Lambda::Function", &["Code", "Role"]),
    ("AWS::RDS::DBSubnetGroup", &["DBSubnetGroupDescription", "SubnetIds"]),
];

/// Properties that name other resources, and of which type these have to be.
const KINDS: [(&str, &str); 12] = [
    ("VpcId", "AWS::EC2::VPC"),
    ("SubnetId", "AWS::EC2::Subnet"),
    ("SubnetIds", "AWS::EC2::Subnet"),
    ("RouteTableId", "AWS::EC2::RouteTable"),
    ("RouteTableIds", "AWS::EC2::RouteTable"),
    ("SecurityGroupIds", "AWS::EC2::SecurityGroup"),
    ("VPCSecurityGroups", "AWS::EC2::SecurityGroup"),
    ("GroupId", "AWS::EC2::SecurityGroup"),
    ("SourceSecurityGroupId", "AWS::EC2::SecurityGroup"),
    ("DestinationSecurityGroupId", "AWS::EC2::SecurityGroup"),
    ("InternetGatewayId", "AWS::EC2::InternetGateway"),
    ("NatGatewayId", "AWS::EC2::NatGateway"),
];

impl Stack {
    /// Reads a template as it would be deployed in a Region.
    ///
    /// # Panics
    /// When it has no resources.
    #[track_caller]
    pub(crate) fn read(template: &Value, region: &Region) -> Stack {
        let listed = template["Resources"].as_object().cloned().unwrap_or_default();
        assert!(!listed.is_empty(), "template.json has no Resources");
        let mut stack = Stack {
            region: region.clone(),
            template: template.clone(),
            resources: BTreeMap::new(),
            dangling: Vec::new(),
            refused: Vec::new(),
        };
        for (name, resource) in &listed {
            let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
            let properties = stack.fill(name, &resource["Properties"]);
            stack.resources.insert(name.clone(), (kind, properties));
            for needed in one_or_many(&resource["DependsOn"]) {
                stack.look_up(name, &needed);
            }
        }
        stack.refuse_bad_heads();
        stack.refuse_circles();
        stack.refuse_what_is_missing();
        stack.refuse_bad_networks();
        stack
    }

    /// References to what is not there, as sentences.
    pub(crate) fn dangling(&self) -> &[String] {
        &self.dangling
    }

    /// What else CloudFormation would refuse, as sentences.
    pub(crate) fn refused(&self) -> &[String] {
        &self.refused
    }

    /// The logical names of all resources of a type.
    pub(crate) fn of(&self, kind: &str) -> impl Iterator<Item = &str> {
        let kind = kind.to_owned();
        self.resources.iter().filter(move |(_, (its, _))| *its == kind).map(|(name, _)| name.as_str())
    }

    /// A property of a resource; null if it has none.
    pub(crate) fn property(&self, name: &str, pointer: &str) -> Value {
        let found = self.resources.get(name).and_then(|(_, properties)| properties.pointer(&format!("/{pointer}")));
        found.cloned().unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self, name: &str, pointer: &str) -> Option<String> {
        self.property(name, pointer).as_str().map(str::to_owned)
    }

    pub(crate) fn texts(&self, name: &str, pointer: &str) -> Vec<String> {
        one_or_many(&self.property(name, pointer))
    }

    pub(crate) fn block(&self, subnet: &str) -> Option<Block> {
        self.text(subnet, "CidrBlock").as_deref().and_then(Block::read)
    }

    /// The zone of a subnet; nothing if it names none and leaves the choice to AWS.
    pub(crate) fn zone(&self, subnet: &str) -> String {
        self.text(subnet, "AvailabilityZone").unwrap_or_default()
    }

    pub(super) fn s3_prefix_list(&self) -> Value {
        json!(self.region.s3_prefix_list)
    }

    /// The route table of a subnet, if it is associated with one.
    pub(super) fn route_table(&self, subnet: &str) -> Option<String> {
        let mut associations = self.of("AWS::EC2::SubnetRouteTableAssociation");
        associations
            .find(|it| self.text(it, "SubnetId").as_deref() == Some(subnet))
            .and_then(|it| self.text(it, "RouteTableId"))
    }

    /// The routes of a table: where to, by what, and its name.
    pub(super) fn routes(&self, table: &str) -> Vec<(Block, &'static str, String)> {
        let routes = self.of("AWS::EC2::Route").filter(|it| self.text(it, "RouteTableId").as_deref() == Some(table));
        routes
            .filter_map(|route| {
                let to = self.text(route, "DestinationCidrBlock").as_deref().and_then(Block::read)?;
                let by = ["GatewayId", "NatGatewayId"].into_iter().find(|by| self.text(route, by).is_some())?;
                Some((to, by, self.text(route, by)?))
            })
            // A gateway that hangs on no network leads nowhere.
            .filter(|(_, by, gateway)| *by == "NatGatewayId" || self.is_attached(gateway, table))
            .collect()
    }

    fn is_attached(&self, gateway: &str, table: &str) -> bool {
        let network = self.text(table, "VpcId");
        self.of("AWS::EC2::VPCGatewayAttachment").any(|it| {
            self.text(it, "InternetGatewayId").as_deref() == Some(gateway) && self.text(it, "VpcId") == network
        })
    }

    /// The endpoints of a type for a service of this Region.
    pub(super) fn endpoints(&self, kind: &'static str, service: &str) -> impl Iterator<Item = &str> {
        let service = format!("com.amazonaws.{}.{service}", self.region.name);
        self.of("AWS::EC2::VPCEndpoint").filter(move |it| {
            // Gateway is the default of the type.
            let its = self.text(it, "VpcEndpointType").unwrap_or_else(|| "Gateway".to_owned());
            its == kind && self.text(it, "ServiceName").as_deref() == Some(&service)
        })
    }

    /// Whether the service's own name leads to the endpoint: it has to ask for that, and its network has to have names.
    pub(super) fn has_private_name(&self, endpoint: &str) -> bool {
        let network = self.text(endpoint, "VpcId").unwrap_or_default();
        let is = |name: &str, pointer: &str, default| match self.property(name, pointer) {
            Value::Bool(value) => value,
            Value::String(text) => text.eq_ignore_ascii_case("true"),
            _ => default,
        };
        is(endpoint, "PrivateDnsEnabled", false)
            && is(&network, "EnableDnsSupport", true)
            && is(&network, "EnableDnsHostnames", false)
    }

    /// The addresses of an interface endpoint, one in each of its subnets.
    pub(super) fn doors(&self, endpoint: &str) -> Vec<Interface> {
        let subnets = self.texts(endpoint, "SubnetIds");
        let door = |subnet: &String| self.interface(endpoint, subnet, 5, self.texts(endpoint, "SecurityGroupIds"));
        subnets.iter().map(door).collect()
    }

    /// Something in a subnet, with an address that is its own there by a number.
    pub(crate) fn interface(&self, name: &str, subnet: &str, number: u32, groups: Vec<String>) -> Interface {
        Interface {
            name: name.to_owned(),
            subnet: subnet.to_owned(),
            zone: self.zone(subnet),
            address: self.block(subnet).map_or(0, |block| block.address(number)),
            groups,
            is_public: false,
        }
    }

    /// The rules of a security group in one direction, wherever they are written. A group without outbound rules gets
    /// one that lets everything out; the default group, too.
    pub(super) fn rules(&self, group: &str, direction: &str) -> Vec<Value> {
        let own = self.property(group, &format!("SecurityGroup{direction}"));
        let mut rules: Vec<Value> = own.as_array().cloned().unwrap_or_default();
        let apart = format!("AWS::EC2::SecurityGroup{direction}");
        for name in self.of(&apart).filter(|it| self.text(it, "GroupId").as_deref() == Some(group)) {
            rules.push(self.resources[name].1.clone());
        }
        if rules.is_empty() && direction == "Egress" {
            rules.push(json!({ "IpProtocol": "-1", "CidrIp": "0.0.0.0/0" }));
        }
        rules
    }

    /// Puts values where the functions of the template stand.
    fn fill(&mut self, owner: &str, value: &Value) -> Value {
        match value {
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.fill(owner, item)).filter(|item| !item.is_null()).collect())
            }
            Value::Object(members) => match function(members) {
                Some((name, argument)) => self.call(owner, name, argument),
                None => {
                    let filled = members.iter().map(|(key, member)| (key.clone(), self.fill(owner, member)));
                    Value::Object(filled.filter(|(_, member)| !member.is_null()).collect())
                }
            },
            other => other.clone(),
        }
    }

    fn call(&mut self, owner: &str, name: &str, argument: &Value) -> Value {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        match name {
            "Ref" => self.look_up(owner, argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => {
                let path = one_or_many(argument).join(".");
                let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
                let known = self.look_up(owner, resource);
                let own = self.template.pointer(&format!("/Resources/{resource}/Properties/{attribute}")).cloned();
                match own {
                    _ if attribute == "GroupId" || known.is_null() => known,
                    Some(own) => self.fill(owner, &own),
                    None => json!(path),
                }
            }
            "Fn::Sub" => {
                let (text, given) = match argument {
                    Value::Array(parts) => (parts.first().cloned(), parts.get(1).cloned()),
                    text => (Some(text.clone()), None),
                };
                let text = text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
                let mut filled = String::new();
                let mut rest = text.as_str();
                while let Some((before, after)) = rest.split_once("${") {
                    let (variable, after) = after.split_once('}').unwrap_or((after, ""));
                    filled.push_str(before);
                    let value = match given.as_ref().and_then(|given| given.get(variable)) {
                        Some(value) => self.fill(owner, value),
                        None if variable.starts_with('!') => json!(format!("${{{}}}", &variable[1..])),
                        None if variable.contains('.') => self.call(owner, "Fn::GetAtt", &json!(variable)),
                        None => self.look_up(owner, variable),
                    };
                    filled.push_str(value.as_str().unwrap_or_default());
                    rest = after;
                }
                json!(filled + rest)
            }
            "Fn::Join" => {
                let separator = argument[0].as_str().unwrap_or_default().to_owned();
                let parts = one_or_many(&self.fill(owner, &argument[1]));
                json!(parts.join(&separator))
            }
            "Fn::GetAZs" => {
                let region = self.fill(owner, argument);
                let is_here = region.as_str().is_none_or(|it| it.is_empty() || it == self.region.name);
                if !is_here {
                    self.refused.push(format!("{owner}: the zones of {region} are no use in {}", self.region.name));
                }
                json!(self.region.zones)
            }
            "Fn::Select" => {
                let index = number(&argument[0]).unwrap_or(u64::MAX) as usize;
                let items = list(&self.fill(owner, &argument[1]));
                items.get(index).cloned().unwrap_or_else(|| {
                    let count = items.len();
                    self.refused.push(format!("{owner}: Fn::Select takes number {} of {count}", argument[0]));
                    Value::Null
                })
            }
            "Fn::Cidr" => {
                let block = self.fill(owner, &argument[0]);
                let block = block.as_str().and_then(Block::read);
                let (count, bits) = (number(&argument[1]).unwrap_or(0), number(&argument[2]).unwrap_or(32));
                let blocks = block.map(|Block(first, _)| {
                    let first = |n: u64| std::net::Ipv4Addr::from(first + (n << bits) as u32);
                    (0..count).map(|n| json!(format!("{}/{}", first(n), 32 - bits))).collect()
                });
                Value::Array(blocks.unwrap_or_default())
            }
            _ => {
                const KNOWN: &str = "Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::GetAZs and Fn::Cidr";
                self.refused.push(format!("{owner}: this check knows {KNOWN}, and not {name}"));
                Value::Null
            }
        }
    }

    /// What a name stands for: a resource for itself, a parameter for its value.
    fn look_up(&mut self, owner: &str, name: &str) -> Value {
        let parameter = &self.template["Parameters"][name];
        match name {
            "AWS::Region" => json!(self.region.name),
            "AWS::AccountId" => json!("123456789012"),
            "AWS::Partition" => json!("aws"),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            "AWS::StackName" => json!("receipts"),
            "AWS::StackId" => json!("arn:aws:cloudformation:stack/receipts"),
            "AWS::NoValue" => Value::Null,
            "S3PrefixList" if parameter.is_object() => self.s3_prefix_list(),
            _ if self.template["Resources"][name].is_object() => json!(name),
            _ if parameter.is_object() => match &parameter["Default"] {
                Value::Null => json!(format!("the-{name}")),
                value => value.clone(),
            },
            _ => {
                self.dangling.push(format!("{owner} names {name}, which is neither a resource nor a parameter"));
                Value::Null
            }
        }
    }

    fn refuse_bad_heads(&mut self) {
        let version = self.template.get("AWSTemplateFormatVersion");
        if version.is_some_and(|version| version != "2010-09-09") {
            self.refused.push("AWSTemplateFormatVersion is 2010-09-09, or not there".to_owned());
        }
        for (name, parameter) in self.template["Parameters"].as_object().cloned().unwrap_or_default() {
            let kind = parameter["Type"].as_str().unwrap_or_default();
            let plain = ["String", "Number", "CommaDelimitedList", "List<Number>"];
            if !(plain.contains(&kind) || kind.starts_with("AWS::") || kind.starts_with("List<AWS::")) {
                self.refused.push(format!("the parameter {name} has no type such as String"));
            }
        }
    }

    fn refuse_circles(&mut self) {
        let resources = self.template["Resources"].as_object().cloned().unwrap_or_default();
        let names: BTreeSet<&String> = resources.keys().collect();
        let needs = |name: &String| -> Vec<String> {
            let mut found = one_or_many(&resources[name]["DependsOn"]);
            collect_references(&resources[name]["Properties"], &mut found);
            found.retain(|found| names.contains(found));
            found
        };
        let mut done = BTreeSet::new();
        for name in resources.keys() {
            let mut path = Vec::new();
            if let Some(circle) = circle_from(name, &needs, &mut path, &mut done) {
                self.refused.push(format!("Circular dependency between resources: [{}]", circle.join(", ")));
                return;
            }
        }
    }

    fn refuse_what_is_missing(&mut self) {
        let mut refused = Vec::new();
        for (name, (kind, properties)) in &self.resources {
            let is_of_the_network = ["AWS::EC2::", "AWS::IAM::", "AWS::Lambda::", "AWS::RDS::"]
                .iter()
                .any(|service| kind.starts_with(service));
            if kind.split("::").count() < 3 || is_of_the_network && !TYPES.contains(&kind.as_str()) {
                refused.push(format!("{name} has the type {kind:?}, which this check does not know"));
            }
            let required = REQUIRED.iter().find(|(its, _)| its == kind).map_or(&[][..], |(_, required)| required);
            for required in required.iter().filter(|required| is_nothing(&properties[**required])) {
                refused.push(format!("{name}, which is an {kind}, has no {required}"));
            }
            let mut named = Vec::new();
            collect_named(properties, &mut named);
            for (property, other) in named {
                let wanted = KINDS.iter().find(|(its, _)| *its == property).map(|(_, kind)| *kind);
                let is = self.resources.get(&other).map(|(kind, _)| kind.as_str());
                if let Some(wanted) = wanted.filter(|wanted| Some(*wanted) != is) {
                    refused.push(format!("{name}: {property} must name an {wanted}, and {other} is none"));
                }
            }
            for direction in ["Ingress", "Egress"] {
                let own = properties[format!("SecurityGroup{direction}")].as_array().cloned().unwrap_or_default();
                let apart = (*kind == format!("AWS::EC2::SecurityGroup{direction}")).then(|| properties.clone());
                for rule in own.iter().chain(&apart) {
                    if let Some(wrong) = wrong_rule(rule) {
                        refused.push(format!("{name}: {wrong}"));
                    }
                }
            }
        }
        self.refused.append(&mut refused);
    }

    fn refuse_bad_networks(&mut self) {
        let mut refused = Vec::new();
        let subnets: Vec<&str> = self.of("AWS::EC2::Subnet").collect();
        for (index, subnet) in subnets.iter().enumerate() {
            let network = self.text(subnet, "VpcId").unwrap_or_default();
            match (self.block(subnet), self.block(&network)) {
                (Some(own), Some(whole)) if own.lies_in(whole) => {
                    for other in &subnets[..index] {
                        if self.block(other).is_some_and(|block| block.overlaps(own)) {
                            refused.push(format!("{subnet} and {other} have the same addresses"));
                        }
                    }
                }
                _ => refused.push(format!("the addresses of {subnet} are none of its network's")),
            }
            let zone = self.zone(subnet);
            if !zone.is_empty() && !self.region.zones.contains(&zone) {
                refused.push(format!(
                    "{subnet} is in the zone {zone}, and {} has the zones {}",
                    self.region.name,
                    self.region.zones.join(", ")
                ));
            }
            let tables = self.of("AWS::EC2::SubnetRouteTableAssociation");
            let tables = tables.filter(|it| self.text(it, "SubnetId").as_deref() == Some(subnet)).count();
            if tables > 1 {
                refused.push(format!("{subnet} is associated with {tables} route tables, and may have one"));
            }
        }
        // Whatever has both subnets and groups has them in one network.
        for (name, (kind, properties)) in &self.resources {
            let inside = if properties["VpcConfig"].is_object() { "VpcConfig/" } else { "" };
            let members = |list: &str| self.texts(name, &format!("{inside}{list}"));
            let mut all = members("SubnetIds");
            all.extend(members("SubnetId"));
            all.extend(members("SecurityGroupIds"));
            all.extend(members("RouteTableIds"));
            all.extend(members("RouteTableId"));
            all.extend(members("VPCSecurityGroups"));
            if let Some(group) = self.text(name, "DBSubnetGroupName") {
                all.extend(self.texts(&group, "SubnetIds"));
            }
            if ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"].contains(&kind.as_str()) {
                for group in ["GroupId", "SourceSecurityGroupId", "DestinationSecurityGroupId"] {
                    all.extend(members(group));
                }
            }
            let network = |it: &String| self.text(it, "VpcId").unwrap_or_else(|| "the default network".to_owned());
            let mut networks: Vec<(String, String)> = all.iter().map(|it| (network(it), it.clone())).collect();
            networks.extend(self.text(name, "VpcId").filter(|_| !all.is_empty()).map(|own| (own, name.clone())));
            if let Some((first, rest)) = networks.split_first()
                && let Some(other) = rest.iter().find(|other| other.0 != first.0)
            {
                let ((here, one), (there, two)) = (first, other);
                refused.push(format!("{name}: {one} is in {here}, and {two} in {there}"));
            }
        }
        for (kind, name) in [("AWS::EC2::VPCEndpoint", "SubnetIds"), ("AWS::RDS::DBSubnetGroup", "SubnetIds")] {
            for resource in self.of(kind) {
                let zones: Vec<String> = self.texts(resource, name).iter().map(|subnet| self.zone(subnet)).collect();
                let different: BTreeSet<&String> = zones.iter().filter(|zone| !zone.is_empty()).collect();
                if kind.ends_with("VPCEndpoint") && different.len() < zones.len() {
                    refused.push(format!("{resource} has two subnets in one zone"));
                }
                if kind.ends_with("DBSubnetGroup") && different.len() < 2 {
                    refused.push(format!("{resource} needs subnets in two zones"));
                }
            }
        }
        let is_interface = |it: &&str| self.text(it, "VpcEndpointType").as_deref() == Some("Interface");
        for endpoint in self.of("AWS::EC2::VPCEndpoint") {
            let wrong = if is_interface(&endpoint) { "RouteTableIds" } else { "SubnetIds" };
            if !self.texts(endpoint, wrong).is_empty() {
                let kind = if is_interface(&endpoint) { "an interface" } else { "a gateway" };
                refused.push(format!("{endpoint} is {kind} endpoint, and these have no {wrong}"));
            }
        }
        self.refused.append(&mut refused);
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// What EC2 would say of a rule.
fn wrong_rule(rule: &Value) -> Option<String> {
    let peers = [
        "CidrIp",
        "CidrIpv6",
        "SourceSecurityGroupId",
        "SourcePrefixListId",
        "DestinationSecurityGroupId",
        "DestinationPrefixListId",
    ];
    let named: Vec<&str> = peers.into_iter().filter(|peer| !rule[*peer].is_null()).collect();
    if named.len() != 1 {
        return Some(format!("a rule names one other side, and this one has {named:?}: {rule}"));
    }
    if let Some(block) = rule["CidrIp"].as_str().filter(|block| Block::read(block).is_none()) {
        return Some(format!("{block} is no block of addresses"));
    }
    let protocol = rule["IpProtocol"].as_str().map(str::to_lowercase).or_else(|| Some(rule["IpProtocol"].to_string()));
    let has_ports = number(&rule["FromPort"]).is_some() && number(&rule["ToPort"]).is_some();
    match protocol.as_deref() {
        Some("tcp" | "6" | "udp" | "17") if !has_ports => Some(format!("a rule of TCP or UDP has ports: {rule}")),
        Some("tcp" | "6" | "udp" | "17" | "icmp" | "1" | "icmpv6" | "58" | "-1") => None,
        _ => Some(format!("there is no IpProtocol {}", rule["IpProtocol"])),
    }
}

/// A number, also one that is written as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn one_or_many(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// An object that is a function of templates.
fn function(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

/// Every resource that a value refers to.
fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        Value::Object(members) => {
            match function(members) {
                Some(("Ref", name)) => found.extend(name.as_str().map(str::to_owned)),
                Some(("Fn::GetAtt", path)) => {
                    found.extend(one_or_many(path).first().and_then(|it| it.split('.').next()).map(str::to_owned));
                }
                Some(("Fn::Sub", argument)) => {
                    let text = argument.as_str().or_else(|| argument[0].as_str()).unwrap_or_default();
                    let names = text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next());
                    found.extend(names.map(str::to_owned));
                }
                _ => {}
            }
            members.values().for_each(|member| collect_references(member, found));
        }
        _ => {}
    }
}

/// Every property that names other resources by [`KINDS`], wherever it stands.
fn collect_named(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_named(item, found)),
        Value::Object(members) => {
            for (key, member) in members {
                if KINDS.iter().any(|(known, _)| known == key) {
                    found.extend(one_or_many(member).into_iter().map(|name| (key.clone(), name)));
                } else {
                    collect_named(member, found);
                }
            }
        }
        _ => {}
    }
}

fn circle_from(
    name: &str,
    needs: &impl Fn(&String) -> Vec<String>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|known| known == name) {
        return Some(path[start..].to_vec());
    }
    if !done.insert(name.to_owned()) {
        return None;
    }
    path.push(name.to_owned());
    let found = needs(&name.to_owned()).iter().find_map(|next| circle_from(next, needs, path, done));
    path.pop();
    found
}

//! What the shop expects of the network round its receipt clerk: which packets arrive, and which do not.

mod network;

use course::{Seed, judged_file};
use local_aws_policy::{Policies, Policy, Request};
use serde_json::json;

use network::{Interface, Region, Stack, To};

const HTTPS: u64 = 443;
const POSTGRES: u64 = 5432;

/// Two Regions that differ in everything a template must not know by heart.
fn regions(seed: &mut Seed) -> [Region; 2] {
    let names = ["eu-west-1", "ap-southeast-2", "us-west-1", "eu-central-1"];
    let region = |name: &str, zones: Vec<String>, list: u64| Region {
        name: name.to_owned(),
        zones: zones.into_iter().map(|zone| format!("{name}{zone}")).collect(),
        s3_prefix_list: format!("pl-{list:08x}"),
    };
    let letters = |letters: &str| letters.chars().map(String::from).collect::<Vec<String>>();
    let other = *seed.pick(&names);
    let zones = *seed.pick(&["bc", "ac", "abc"]);
    [
        region("us-east-1", letters("abcdef"), seed.number(1..=0xfff_ffff)),
        region(other, letters(zones), seed.number(1..=0xfff_ffff)),
    ]
}

/// The stack in both Regions.
#[track_caller]
fn stacks(seed: &mut Seed) -> [Stack; 2] {
    let template = judged_file!("template.json").json();
    for needed in ["Clerk", "Database", "DatabaseGroup", "Press", "PressGroup", "PublicSubnet"] {
        assert!(template["Resources"][needed].is_object(), "template.json has no resource {needed} any more");
    }
    regions(seed).map(|region| Stack::read(&template, &region))
}

/// Where the clerk's connections come from: one interface in each of its subnets.
#[track_caller]
fn clerks(stack: &Stack) -> Vec<Interface> {
    let subnets = stack.texts("Clerk", "VpcConfig/SubnetIds");
    assert!(!subnets.is_empty(), "the function Clerk has no VpcConfig with SubnetIds: it is in no network of ours");
    let groups = stack.texts("Clerk", "VpcConfig/SecurityGroupIds");
    let clerk = |subnet: &String| stack.interface(&format!("the clerk in {subnet}"), subnet, 20, groups.clone());
    subnets.iter().map(clerk).collect()
}

/// The database, which has an address in one of its subnets and a standby in another.
fn databases(stack: &Stack) -> Vec<Interface> {
    let group = stack.text("Database", "DBSubnetGroupName").unwrap_or_default();
    let groups = stack.texts("Database", "VPCSecurityGroups");
    let database = |subnet: &String| stack.interface("the database", subnet, 40, groups.clone());
    stack.texts(&group, "SubnetIds").iter().map(database).collect()
}

/// The print room's machine, which has a public address if its subnet gives one.
fn press(stack: &Stack) -> Interface {
    let subnet = stack.text("Press", "SubnetId").unwrap_or_default();
    let is_public = stack.property(&subnet, "MapPublicIpOnLaunch") == true;
    Interface { is_public, ..stack.interface("the press", &subnet, 60, stack.texts("Press", "SecurityGroupIds")) }
}

/// Others that are in the network, or on the internet in front of it.
fn others(stack: &Stack, seed: &mut Seed) -> Vec<Interface> {
    let mut others = vec![press(stack)];
    for subnet in stack.of("AWS::EC2::Subnet") {
        let name = format!("a machine of {} in {subnet}", seed.name());
        others.push(stack.interface(&name, subnet, seed.number(100..=200) as u32, Vec::new()));
    }
    others
}

/// Ports that somebody who is inside tries, their neighbours, and two that nobody has thought of.
fn ports(seed: &mut Seed) -> [u64; 10] {
    let (low, high) = (seed.number(1024..=5430), seed.number(5434..=65_535));
    [22, 80, HTTPS - 1, HTTPS, HTTPS + 1, POSTGRES - 1, POSTGRES, POSTGRES + 1, low, high]
}

#[test]
fn every_name_leads_somewhere() {
    for stack in stacks(&mut Seed::at_run_time()) {
        let dangling = stack.dangling();
        assert!(dangling.is_empty(), "CloudFormation does not begin with such a template:\n{}", dangling.join("\n"));
    }
}

#[test]
fn the_stack_can_be_deployed_in_every_region() {
    let mut seed = Seed::at_run_time();
    for (stack, region) in stacks(&mut seed).iter().zip(["us-east-1", "another Region"]) {
        let refused = stack.refused();
        assert!(refused.is_empty(), "in {region} the deployment fails and is rolled back:\n{}", refused.join("\n"));
    }
}

/// Lambda makes the network interfaces in the function's name, so its role has to allow it.
#[test]
fn lambda_may_make_the_interfaces() {
    const NEEDED: [&str; 3] =
        ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"];
    for stack in stacks(&mut Seed::at_run_time()) {
        let role = role_of_the_clerk(&stack);
        let trust = Policy::resource(&stack.property(&role, "AssumeRolePolicyDocument"));
        let trust = trust.unwrap_or_else(|error| panic!("IAM does not take the trust policy of {role}: {error}"));
        let assume = Request::new("sts:AssumeRole", "*").by("lambda.amazonaws.com");
        let may = Policies::new().with_resource(trust).decide(&assume).is_allowed();
        assert!(may, "the role {role} cannot be assumed by Lambda");
        let managed = stack.texts(&role, "ManagedPolicyArns");
        let has = |name: &str| managed.iter().any(|arn| *arn == format!("arn:aws:iam::aws:policy/service-role/{name}"));
        let mut policies = Policies::new();
        if has("AWSLambdaVPCAccessExecutionRole") || has("AWSLambdaENIManagementAccess") {
            let all = json!({ "Statement": { "Effect": "Allow", "Action": NEEDED, "Resource": "*" } });
            policies = policies.with_identity(Policy::identity(&all).expect("a policy"));
        }
        for policy in own_policies(&stack, &role) {
            policies = policies.with_identity(policy);
        }
        for action in NEEDED {
            let may = policies.decide(&Request::new(action, "*")).is_allowed();
            assert!(may, "the role {role} of the clerk does not allow {action}, and Lambda cannot attach the function");
        }
    }
}

#[track_caller]
fn role_of_the_clerk(stack: &Stack) -> String {
    let role = stack.text("Clerk", "Role").unwrap_or_default();
    let name = role.strip_suffix(".Arn").unwrap_or_else(|| panic!("the Role of Clerk is an ARN, not {role:?}"));
    name.to_owned()
}

#[track_caller]
fn own_policies(stack: &Stack, role: &str) -> Vec<Policy> {
    let own = stack.property(role, "Policies").as_array().cloned().unwrap_or_default();
    own.iter()
        .map(|own| {
            assert!(own["PolicyName"].is_string(), "a policy of {role} has no PolicyName");
            Policy::identity(&own["PolicyDocument"])
                .unwrap_or_else(|error| panic!("IAM does not take the policy {} of {role}: {error}", own["PolicyName"]))
        })
        .collect()
}

/// Its other permissions are as they were.
#[test]
fn the_clerk_may_do_its_work() {
    let key = Seed::at_run_time().name();
    for stack in stacks(&mut Seed::at_run_time()) {
        let role = role_of_the_clerk(&stack);
        let own = own_policies(&stack, &role).into_iter().fold(Policies::new(), Policies::with_identity);
        for (action, resource) in [
            ("secretsmanager:GetSecretValue", "Database.MasterUserSecret.SecretArn".to_owned()),
            ("s3:PutObject", format!("arn:aws:s3:::the-ReceiptBucket/{key}")),
        ] {
            let may = own.decide(&Request::new(action, resource)).is_allowed();
            assert!(may, "the role {role} of the clerk no longer allows {action}");
        }
    }
}

#[test]
fn the_clerk_lives_in_two_zones() {
    for stack in stacks(&mut Seed::at_run_time()) {
        let mut zones: Vec<String> = clerks(&stack).into_iter().map(|clerk| clerk.zone).collect();
        zones.retain(|zone| !zone.is_empty());
        zones.sort();
        zones.dedup();
        let known = zones.join(", ");
        assert!(zones.len() >= 2, "the zones of the clerk that the template names: {known}; when one fails, it fails");
    }
}

#[test]
fn the_clerk_reaches_the_database() {
    for stack in stacks(&mut Seed::at_run_time()) {
        expect_reached(&stack, None, "the database", |stack, clerk| {
            let databases = databases(stack);
            databases.iter().try_for_each(|it| stack.connect(clerk, To::Interface(it), POSTGRES, None).map(drop))
        });
    }
}

/// Over the endpoint that costs nothing.
#[test]
fn the_clerk_reaches_the_bucket() {
    for stack in stacks(&mut Seed::at_run_time()) {
        expect_reached(&stack, None, "S3", |stack, clerk| {
            let way = stack.connect(clerk, To::S3, HTTPS, None)?;
            let is_free = stack.text(&way[0], "VpcEndpointType").is_none_or(|kind| kind == "Gateway");
            let is_endpoint = stack.of("AWS::EC2::VPCEndpoint").any(|it| it == way[0]);
            match is_endpoint && is_free {
                true => Ok(()),
                false => Err(format!("it goes by {}, which is paid for; a gateway endpoint is not", way.join(", "))),
            }
        });
    }
}

#[test]
fn the_clerk_reaches_its_secret() {
    for stack in stacks(&mut Seed::at_run_time()) {
        expect_reached(&stack, None, "Secrets Manager", |stack, clerk| {
            stack.connect(clerk, To::SecretsManager, HTTPS, None).map(drop)
        });
    }
}

#[test]
fn one_zone_may_fail() {
    for stack in stacks(&mut Seed::at_run_time()) {
        let zones: Vec<String> = clerks(&stack).into_iter().map(|clerk| clerk.zone).collect();
        assert!(stack.property("Database", "MultiAZ") == true, "the database has no standby any more");
        for down in zones.iter().filter(|zone| !zone.is_empty()) {
            expect_reached(&stack, Some(down), "Secrets Manager", |stack, clerk| {
                stack.connect(clerk, To::SecretsManager, HTTPS, Some(down)).map(drop)
            });
            expect_reached(&stack, Some(down), "the database", |stack, clerk| {
                let databases = databases(stack);
                let live = databases.iter().find(|it| it.zone != *down).ok_or("no standby is left")?;
                stack.connect(clerk, To::Interface(live), POSTGRES, Some(down)).map(drop)
            });
        }
    }
}

/// From each of the clerk's interfaces that is up.
#[track_caller]
fn expect_reached(
    stack: &Stack,
    down: Option<&str>,
    what: &str,
    reach: impl Fn(&Stack, &Interface) -> Result<(), String>,
) {
    let up: Vec<Interface> = clerks(stack).into_iter().filter(|clerk| Some(clerk.zone.as_str()) != down).collect();
    let when = down.map_or(String::new(), |zone| format!(" while the zone {zone} is down"));
    assert!(!up.is_empty(), "nothing is left of the clerk{when}");
    for clerk in up {
        if let Err(reason) = reach(stack, &clerk) {
            panic!("{} does not reach {what}{when}: {reason}", clerk.name);
        }
    }
}

/// Lambda never opens a connection to a function, so whoever does is somebody else.
#[test]
fn nobody_calls_on_the_clerk() {
    let mut seed = Seed::at_run_time();
    for stack in stacks(&mut seed) {
        let mut callers = others(&stack, &mut seed);
        callers.extend(databases(&stack));
        for clerk in clerks(&stack) {
            for port in ports(&mut seed) {
                let arrived: Vec<&str> = callers
                    .iter()
                    .filter(|caller| stack.connect(caller, To::Interface(&clerk), port, None).is_ok())
                    .map(|caller| caller.name.as_str())
                    .collect();
                let who = arrived.join(", ");
                assert!(arrived.is_empty(), "on port {port} of {}, connections arrive from {who}", clerk.name);
            }
        }
    }
}

#[test]
fn only_the_clerk_reaches_the_database() {
    let mut seed = Seed::at_run_time();
    for stack in stacks(&mut seed) {
        for database in databases(&stack) {
            for port in ports(&mut seed) {
                for other in others(&stack, &mut seed) {
                    let arrived = stack.connect(&other, To::Interface(&database), port, None).is_ok();
                    assert!(!arrived, "{} reaches the database on port {port}", other.name);
                }
                assert!(!stack.is_open_to_the_internet(&database, port), "the internet reaches the database");
                for clerk in clerks(&stack).iter().filter(|_| port != POSTGRES) {
                    let arrived = stack.connect(clerk, To::Interface(&database), port, None).is_ok();
                    assert!(!arrived, "{} reaches port {port} of the database, and needs {POSTGRES} only", clerk.name);
                }
            }
        }
    }
}

/// What whoever took the clerk over would try next.
#[test]
fn the_clerk_reaches_nothing_else() {
    let mut seed = Seed::at_run_time();
    for stack in stacks(&mut seed) {
        for clerk in clerks(&stack) {
            for port in ports(&mut seed) {
                for other in others(&stack, &mut seed) {
                    // A machine of somebody who lets everybody in, as the press does.
                    let open = Interface { groups: stack.texts("Press", "SecurityGroupIds"), ..other };
                    let arrived = stack.connect(&clerk, To::Interface(&open), port, None).is_ok();
                    assert!(!arrived, "{} reaches {} on port {port}", clerk.name, open.name);
                }
                if let Ok(way) = stack.connect(&clerk, To::Internet, port, None) {
                    panic!("{} reaches the internet on port {port}, by {}", clerk.name, way.join(", "));
                }
                let elsewhere = port != HTTPS && stack.connect(&clerk, To::S3, port, None).is_ok();
                assert!(!elsewhere, "{} reaches port {port} of S3, and needs {HTTPS} only", clerk.name);
                let elsewhere = port != HTTPS && stack.connect(&clerk, To::SecretsManager, port, None).is_ok();
                assert!(!elsewhere, "{} reaches port {port} of Secrets Manager, and needs {HTTPS} only", clerk.name);
            }
        }
    }
}

/// It is another team's, and stays as it was.
#[test]
fn the_press_works_as_before() {
    let mut seed = Seed::at_run_time();
    for stack in stacks(&mut seed) {
        let press = press(&stack);
        if let Err(reason) = stack.connect(&press, To::Internet, HTTPS, None) {
            panic!("the press no longer reaches the internet: {reason}");
        }
        for port in ports(&mut seed) {
            for other in others(&stack, &mut seed) {
                let arrived = stack.connect(&other, To::Interface(&press), port, None);
                assert!(arrived.is_ok(), "{} no longer reaches the press on port {port}: {arrived:?}", other.name);
            }
        }
    }
}

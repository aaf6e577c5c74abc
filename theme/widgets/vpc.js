/* Which way a connection of a function takes, where it ends, and what the way costs. */
(() => {
    "use strict";
    const { define, divide, fact, node, count, units, usd } = Widgets;

    const HOURS = 730; // of a month, as price lists count
    const ZONES = 2; // an interface endpoint in two Availability Zones

    /* The path as names of hops; `stopped` says why it ends early. `monthly` is what is switched on costs, a text in
     * 1e-10 USD. */
    function formula(input) {
        const { subnet, destination } = input;
        const reach = (...hops) => ({ reached: true, stopped: null, path: ["function", ...hops, destination] });
        const stop = (stopped, ...hops) => ({ reached: false, stopped, path: ["function", ...hops] });
        const way = () => {
            if (subnet === "none") return destination === "database" ? stop("outside") : reach("lambda-network");
            if (!input.egress) return stop("security-group", "interface");
            if (destination === "database") return reach("interface");
            if (destination === "s3" && input.gateway_endpoint) return reach("interface", "gateway-endpoint");
            if (destination === "secrets" && input.interface_endpoint) return reach("interface", "interface-endpoint");
            if (subnet === "public") return stop("no-public-address", "interface", "internet-gateway");
            return input.nat ? reach("interface", "nat-gateway", "internet-gateway") : stop("no-route", "interface");
        };
        const result = way();
        const uses = (hop) => BigInt(result.path.includes(hop) ? input.gigabytes : 0);
        const price = (name) => units(fact("prices", name));
        let monthly = 0n;
        if (input.nat) monthly += BigInt(HOURS) * price("nat_gateway_hour") + uses("nat-gateway") * price("nat_gateway_gigabyte");
        if (input.interface_endpoint) {
            monthly += BigInt(HOURS * ZONES) * price("interface_endpoint_hour") + uses("interface-endpoint") * price("interface_endpoint_gigabyte");
        }
        return { ...result, monthly: String(monthly) };
    }

    const HOPS = {
        function: ["Function", "asks for a connection"],
        "lambda-network": ["Lambda's own network", "has a way to the internet"],
        interface: ["Network interface", "in your subnet, with a private address only"],
        "nat-gateway": ["NAT gateway", "stands in a public subnet and lends its public address"],
        "internet-gateway": ["Internet gateway", "the door of the VPC"],
        "gateway-endpoint": ["Gateway endpoint", "an entry of the route table, free"],
        "interface-endpoint": ["Interface endpoint", "an address inside the VPC, paid by the hour"],
        internet: ["Payment service", "on the internet: reached"],
        s3: ["S3", "reached"],
        secrets: ["Secrets Manager", "reached"],
        database: ["Database", "in the VPC: reached"],
    };
    const STOPS = {
        outside: "the function is not in the VPC, and the database has no other door",
        "security-group": "no outbound rule of the security group lets it out",
        "no-public-address": "the internet gateway serves public addresses only, and a function's interface never has one, in a public subnet neither",
        "no-route": "the route table of the private subnet knows no way there",
    };

    function draw(values, { step }) {
        const result = formula(values);
        const steps = result.path.length + (result.reached ? 0 : 1);
        const at = Math.min(step, steps);
        const where = (hop) => (hop === "interface" ? `${HOPS[hop][1].replace("your", `the ${values.subnet}`)}` : HOPS[hop][1]);
        const cards = result.path.slice(0, at).map((hop) => node("li", {}, node("strong", {}, HOPS[hop][0]), node("span", {}, where(hop))));
        if (at > result.path.length) cards.push(node("li", { class: "w-stop" }, node("strong", {}, "Time-out"), node("span", {}, STOPS[result.stopped])));
        const cost = BigInt(result.monthly);
        const price = cost > 0n ? `What is switched on costs ${usd(cost)} a month.` : "Nothing of it costs by the hour.";
        const last = result.path[at - 1];
        const spared = values.nat && values.destination === "s3" && !values.gateway_endpoint && result.reached && values.subnet === "private"
            ? " A gateway endpoint would carry this for nothing." : "";
        const status = at < steps
            ? `Hop ${at}: ${HOPS[last][0]}, ${where(last)}.`
            : result.reached
                ? `The connection is made, over ${count(result.path.length - 1)} hops. ${price}${spared}`
                : `The connection is never made: ${STOPS[result.stopped]}. The function waits until its own time-out. ${price}`;
        return { picture: node("ol", { class: "w-path" }, cards), status, steps };
    }

    define("vpc", {
        title: "VPC path",
        stepwise: true,
        controls: [
            { name: "destination", label: "The function calls", options: [["internet", "a payment service on the internet"], ["s3", "S3"], ["secrets", "Secrets Manager"], ["database", "a database in the VPC"]], value: "internet" },
            { name: "subnet", label: "The function is attached to", options: [["none", "no VPC"], ["private", "private subnets"], ["public", "public subnets"]], value: "public" },
            { name: "nat", label: "NAT gateway, with a route from the private subnets", type: "checkbox", value: false },
            { name: "gateway_endpoint", label: "Gateway endpoint for S3", type: "checkbox", value: false },
            { name: "interface_endpoint", label: "Interface endpoint for Secrets Manager, in two zones", type: "checkbox", value: false },
            { name: "egress", label: "The security group lets connections out", type: "checkbox", value: true },
            { name: "gigabytes", label: "Data a month", stops: [0, 1, 10, 100, 1000, 10000], value: 100, show: (value) => `${count(value)} GB` },
        ],
        formula,
        draw,
        note: () => `IPv4. Prices of us-east-1, read on ${Widgets.asOf("prices", ["nat_gateway_hour", "interface_endpoint_hour"])}, for one NAT gateway. The security group of an interface endpoint has to let port 443 in; what leaves for the internet is paid for besides.`,
    });
})();

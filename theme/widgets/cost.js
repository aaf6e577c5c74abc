/* What a month costs: requests, duration, INIT and logs, on both architectures. */
(() => {
    "use strict";
    const { define, divide, fact, node, bar, key, about, count, plural, units, usd } = Widgets;

    const MB_MS = 1_024_000n; // MB-milliseconds of a GB-second
    const GB = 1n << 30n;

    /* Duration in MB-ms, priced tier by tier; the numerator is exact, and is divided once. */
    function price(architecture, mbMs) {
        const above = fact("prices", `${architecture}_gigabyte_second_above`);
        const tiers = [{ from: 0n, usd: fact("prices", `${architecture}_gigabyte_second`) }]
            .concat(above.map((tier) => ({ from: BigInt(tier.gigabyte_seconds) * MB_MS, usd: tier.usd })));
        let sum = 0n;
        tiers.forEach((tier, index) => {
            const to = tiers[index + 1]?.from ?? mbMs;
            const part = (mbMs < to ? mbMs : to) - tier.from;
            if (part > 0n) sum += part * units(tier.usd);
        });
        return divide(sum, MB_MS);
    }

    function less(amount, free) {
        return amount > free ? amount - free : 0n;
    }

    /* In 1e-10 USD, as decimal texts: sums of a large account do not fit a float. */
    function formula(input) {
        const free = (name) => (input.free_tier ? BigInt(fact("prices", name)) : 0n);
        const functions = BigInt(input.functions);
        const requests = BigInt(input.requests) * functions;
        const memory = BigInt(input.memory_mb) * functions;
        const handler = memory * BigInt(input.requests) * BigInt(input.duration_ms);
        const init = memory * BigInt(input.cold_starts) * BigInt(input.init_ms);
        const freeMbMs = free("free_gigabyte_seconds") * MB_MS;
        const logged = less(requests * BigInt(input.log_bytes), free("logs_free_gigabytes") * GB);

        const bill = {
            requests: less(requests, free("free_requests")) * units(fact("prices", "request")),
            duration: price(input.architecture, less(handler + init, freeMbMs)),
            logs: divide(logged * units(fact("prices", "logs_gigabyte")), GB),
        };
        bill.total = bill.requests + bill.duration + bill.logs;
        bill.init = bill.duration - price(input.architecture, less(handler, freeMbMs));
        return Object.fromEntries(Object.entries(bill).map(([name, amount]) => [name, String(amount)]));
    }

    function input(values, architecture) {
        const cold_starts = Math.floor((values.requests * values.cold) / 1000);
        return { ...values, architecture, cold_starts };
    }

    /* The least number of requests a month at which Lambda costs as much as a server that always runs. */
    function breakEven(values, server) {
        let [low, high] = [0, 2 ** 36];
        while (low < high) {
            const middle = Math.floor((low + high) / 2);
            const bill = formula(input({ ...values, requests: middle }, "arm64"));
            if (BigInt(bill.total) >= server) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    const ITEMS = [
        ["requests", "Requests"],
        ["handler", "Duration of the handler"],
        ["init", "Duration of INIT"],
        ["logs", "Logs"],
    ];

    function draw(values, { width }) {
        const bills = ["arm64", "x86_64"].map((architecture) => {
            const bill = formula(input(values, architecture));
            return { architecture, ...bill, handler: String(BigInt(bill.duration) - BigInt(bill.init)) };
        });
        const most = Math.max(...bills.map((bill) => Number(bill.total)), 1);
        const label = 62;
        const bars = bills.map((bill, row) => {
            let x = label;
            const parts = ITEMS.map(([item], index) => {
                const size = (Number(bill[item]) / most) * (width - label);
                x += size;
                return bar(x - size, row * 34, size, 26, index + 1);
            });
            return [node("text", { x: 0, y: row * 34 + 18 }, bill.architecture), parts];
        });
        const [arm, x86] = bills;
        const picture = node("svg", { viewBox: `0 0 ${width} 62`, height: 62, role: "img",
            "aria-label": `Bars: ${usd(arm.total)} on arm64, ${usd(x86.total)} on x86_64` }, bars);
        const row = (head, cells, mark) => node("tr", {}, node("th", { scope: "row" },
            mark ? [...key(mark, head).childNodes] : head), cells.map((cell) => node("td", {}, cell)));
        const table = node("table", {},
            node("thead", {}, node("tr", {}, node("th", { scope: "col" }, "A month"), bills.map((bill) => node("th", { scope: "col" }, bill.architecture)))),
            node("tbody", {}, ITEMS.map(([item, words], index) => row(words, bills.map((bill) => usd(bill[item])), index + 1)),
                row("Together", bills.map((bill) => usd(bill.total)))));

        const share = (item) => Math.round((100 * Number(arm[item])) / Math.max(Number(arm.total), 1));
        const even = breakEven(values, BigInt(values.server) * 10_000_000_000n);
        const status = [
            `${plural(values.requests * values.functions, "request")} a month cost ${usd(arm.total)} on arm64, ${usd(x86.total)} on x86_64.`,
            `Logs are ${share("logs")} % of it, INIT ${share("init")} %.`,
            values.free_tier && values.functions > 1
                ? `The free tier counts once for all ${values.functions} functions.` : "",
            even < 2 ** 36
                ? `A server for US$${count(values.server)} a month is the cheaper one from about ${about(even)} requests on${values.functions > 1 ? " for each function" : ""}.`
                : "",
        ];
        return { picture: [picture, table], status: status.filter(Boolean).join(" ") };
    }

    const ms = (value) => `${count(value)} ms`;

    define("cost", {
        title: "Cost calculator",
        controls: [
            { name: "requests", label: "Requests a month, each function", stops: [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000, 300_000_000, 1_000_000_000], value: 10_000_000 },
            { name: "functions", label: "Functions like this one", min: 1, max: 10, value: 1 },
            { name: "memory_mb", label: "Memory", stops: [128, 256, 512, 1024, 1769, 2048, 4096, 10240], value: 512, show: (value) => `${count(value)} MB` },
            { name: "duration_ms", label: "Duration of the handler", stops: [1, 2, 5, 10, 20, 50, 120, 200, 500, 1000, 3000], value: 120, show: ms },
            { name: "init_ms", label: "Duration of INIT", stops: [0, 10, 30, 60, 150, 400, 1000, 3000], value: 150, show: ms },
            { name: "cold", label: "Cold starts", stops: [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], value: 20, show: (value) => `${count(value)} of 1,000` },
            { name: "log_bytes", label: "Logs of a request", stops: [0, 250, 500, 1000, 2000, 4000, 8000], value: 1000, show: (value) => `${count(value)} bytes` },
            { name: "server", label: "A server to compare with, US$ a month", type: "number", min: 0, max: 100000, value: 30 },
            { name: "free_tier", label: "Free tier", type: "checkbox", value: true },
        ],
        formula,
        draw,
        note: () => `Prices of us-east-1, read on ${Widgets.asOf("prices", ["request", "arm64_gigabyte_second", "logs_gigabyte"])}. The free amounts of a month belong to the account.`,
    });
})();

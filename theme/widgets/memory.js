/* What more memory buys: the duration and the price of the same work at ten sizes. */
(() => {
    "use strict";
    const { define, divide, fact, node, bar, count, units, usd } = Widgets;

    const SIZES = [128, 256, 512, 1024, 1769, 2048, 3538, 5307, 7076, 10240];

    /* Power grows with memory; one thread cannot use more than one vCPU. Waiting takes its time at any size. `cost` is
     * that of a million requests' duration, a text in 1e-10 USD. */
    function formula(input) {
        const price = units(fact("prices", `${input.architecture}_gigabyte_second`));
        const full = fact("compute", "one_vcpu_memory");
        const sizes = SIZES.map((memory_mb) => {
            const useful = Math.min(memory_mb, full * input.threads);
            const billed_ms = Math.max(1, Math.ceil((input.wait_ms * useful + input.cpu_ms * full) / useful));
            const cost = divide(BigInt(memory_mb) * BigInt(billed_ms) * price * 1_000_000n, 1_024_000n);
            return { memory_mb, billed_ms, cost: String(cost) };
        });
        const best = (first, second) =>
            [...sizes].sort((a, b) => first(a) - first(b) || second(a) - second(b))[0].memory_mb;
        const [cost, time] = [(size) => Number(size.cost), (size) => size.billed_ms];
        return { sizes, cheapest: best(cost, time), fastest: best(time, cost) };
    }

    function draw(values, { width }) {
        const result = formula(values);
        const at = (memory) => result.sizes.find((size) => size.memory_mb === memory);
        const column = width / SIZES.length;
        const panel = (top, series, title, amount) => {
            const most = Math.max(...result.sizes.map(amount));
            const bars = result.sizes.map((size, index) => {
                const height = Math.max((amount(size) / most) * 84, 1.5);
                return bar(index * column + 2, top + 112 - height, column - 4, height, series)[0];
            });
            return [node("text", { x: 2, y: top + 14 }, title), bars];
        };
        const chosen = SIZES.indexOf(values.memory_mb);
        const picture = node("svg", { viewBox: `0 0 ${width} 272`, height: 272, role: "img",
            "aria-label": `Bars of duration and cost at ${SIZES.length} sizes of memory` },
            node("rect", { x: chosen * column, y: 0, width: column, height: 272, class: "w-chosen" }),
            panel(0, 1, "\u25a0 Duration", (size) => size.billed_ms),
            panel(124, 2, "\u25cf Cost", (size) => Number(size.cost)),
            // On a phone every second size is named.
            SIZES.map((memory, index) => (column < 36 && index % 2 ? null : node("text", { x: (index + 0.5) * column, y: 256, "text-anchor": "middle", class: "w-small" }, String(memory)))));
        const row = (words, memory) => node("tr", {}, node("th", { scope: "row" }, words), node("td", {}, `${count(memory)} MB`),
            node("td", {}, `${count(at(memory).billed_ms)} ms`), node("td", {}, usd(at(memory).cost)));
        const table = node("table", {},
            node("thead", {}, node("tr", {}, ["", "Memory", "Duration", "A million"].map((words) => node(words ? "th" : "td", words ? { scope: "col" } : {}, words)))),
            node("tbody", {}, row("Fastest", result.fastest), row("Cheapest", result.cheapest), row("Chosen", values.memory_mb)));

        const [mine, cheap, fast] = [values.memory_mb, result.cheapest, result.fastest].map(at);
        const times = (a, b) => (a / b).toFixed(1).replace(/\.0$/, "");
        const than = (other) => {
            const more = Math.round((100 * Number(other.cost)) / Number(mine.cost)) - 100;
            return more <= 0 ? "for no more money" : more < 100 ? `for ${more} % more money` : `for ${times(Number(other.cost), Number(mine.cost))} times the money`;
        };
        const status = [
            `With ${count(mine.memory_mb)} MB a request takes ${count(mine.billed_ms)} ms, and a million cost ${usd(mine.cost)}.`,
            mine === cheap ? "That is the cheapest size." : `${count(cheap.memory_mb)} MB would be the cheapest: ${usd(cheap.cost)}.`,
            fast.billed_ms < mine.billed_ms ? `${count(fast.memory_mb)} MB are ${times(mine.billed_ms, fast.billed_ms)} times as fast, ${than(fast)}.` : "Nothing is faster.",
        ];
        return { picture: [picture, table], status: status.join(" ") };
    }

    define("memory", {
        title: "Memory against cost",
        controls: [
            { name: "cpu_ms", label: "Computing, on one whole vCPU", stops: [0, 1, 5, 10, 20, 50, 100, 300, 1000, 3000], value: 300, show: (value) => `${count(value)} ms` },
            { name: "wait_ms", label: "Waiting for others", stops: [0, 5, 20, 50, 100, 200, 500, 1000], value: 20, show: (value) => `${count(value)} ms` },
            { name: "threads", label: "Threads that compute", min: 1, max: 6, value: 1 },
            { name: "memory_mb", label: "Memory", stops: SIZES, value: 128, show: (value) => `${count(value)} MB` },
            { name: "architecture", label: "Architecture", options: [["arm64", "arm64"], ["x86_64", "x86_64"]], value: "arm64" },
        ],
        formula,
        draw,
        note: () => `A model: computing is faster in proportion to memory up to one vCPU (${count(fact("compute", "one_vcpu_memory"))} MB) for each thread. Measure your own function. Prices of us-east-1, read on ${Widgets.asOf("prices", ["arm64_gigabyte_second"])}; requests cost the same at any size.`,
    });
})();
